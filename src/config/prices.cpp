#include "spillway/config/prices.hpp"

#include "spillway/config/fields_sections.hpp"
#include "spillway/config/price_rows.hpp"
#include "spillway/config/section.hpp"

namespace spillway::config {

/// config/prices.yaml; generated when it changes (built_in_prices.cmake).
std::string_view built_in_prices_text();

namespace {

PriceRow read_price_row(const Entry& entry, std::string_view path, Findings& findings)
{
    PriceRow row;
    row.model = entry.key;
    SectionLoader load(entry.value, std::string(path) + ".*", findings);
    price_row_fields(load, row);
    load.refuse_rest(Unknown::error);
    const auto* tier = entry.value.find("long");
    const auto tier_path = std::string(path) + ".*.long";
    if (!is_section(tier, tier_path, findings))
        return row;
    SectionLoader load_tier(*tier, tier_path, findings);
    long_tier_fields(load_tier, row);
    load_tier.refuse_rest(Unknown::error);
    if (!row.long_above)
        findings.error(tier->at, tier_path + ": `above` is missing");
    return row;
}

}  // namespace

std::vector<PriceRow> read_price_rows(const Node& map, std::string_view path, Findings& findings)
{
    std::vector<PriceRow> rows;
    for (const auto& entry : map.entries)
        if (is_section(&entry.value, path, findings))
            rows.push_back(read_price_row(entry, path, findings));
    return rows;
}

Result<PriceTable> read_prices(std::string_view yaml)
{
    Findings findings;
    const auto root = parse_yaml(yaml, findings.add_file("prices.yaml"), findings);
    PriceTable table;
    if (root && is_section(&*root, "prices.yaml", findings)) {
        SectionLoader load(*root, "", findings);
        load("date", table.date, Doc{"Day the prices were read."});
        load.known("source", Support::supported, "");
        load.known("models", Support::supported, "");
        load.refuse_rest(Unknown::error);
        if (const auto* models = root->find("models"); is_section(models, "models", findings))
            table.rows = read_price_rows(*models, "models", findings);
    }
    if (findings.has_error_since(0)) {
        const auto problem = findings.problems().front();
        return fail(Errc::bad_config, problem.where + ": " + problem.message);
    }
    return table;
}

const PriceTable& built_in_prices()
{
    // A table that does not parse fails the unit tests, so it never reaches anybody.
    static const PriceTable table = read_prices(built_in_prices_text()).value_or(PriceTable{});
    return table;
}

}  // namespace spillway::config
