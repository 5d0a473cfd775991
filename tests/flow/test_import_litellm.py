"""`spillway import litellm` from a real PostgreSQL with LiteLLM's tables, of two versions."""

import datetime
import tempfile

import pytest

from harness.daemon import deployment
from harness.http import Client
from harness.litellm import Litellm, bring, hashed
from harness.postgres import Postgres
from harness.waiting import wait_until

PRICES = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}


@pytest.fixture(scope="module")
def cluster():
    with tempfile.TemporaryDirectory(prefix="spillway-postgres-", ignore_cleanup_errors=True) as folder:
        made = Postgres(folder)
        yield made
        made.stop()


def counts(text):
    """The table as numbers: kind to (new, same, changed)."""
    rows = [line.split() for line in text.splitlines()[1:7]]
    return {row[0]: tuple(map(int, row[1:])) for row in rows}


@pytest.fixture
def gateway(workshop, upstream):
    return workshop.serve(deployment("m", upstream.base, **PRICES),
                          deployment("other", upstream.base, **PRICES))


def chat(gateway, key, model="m", **more):
    return Client(gateway.port, key).chat(model, **more)


def row_of(gateway, key):
    return gateway.client.get(f"/key/info?key={key}").json["info"]


NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)


def fill(litellm):
    """A LiteLLM as it is in use."""
    by = {"created_by": "admin", "updated_by": "admin"}
    litellm.insert("BudgetTable", budget_id="member", max_budget=0.5, **by)
    litellm.insert("BudgetTable", budget_id="free", max_budget=1e-6, budget_duration="30d",
                   budget_reset_at=NOW + 5 * DAY, **by)
    litellm.insert("OrganizationTable", organization_id="org", organization_alias="Org", budget_id="free",
                   models=[], **by)
    litellm.insert("ModelTable", id=7, aliases='{"best": "m"}', **by)
    litellm.insert("TeamTable", team_id="red", team_alias="Red", organization_id="org", models=["m"],
                   max_budget=100, spend=12.5, tpm_limit=100000, model_id=7,
                   members_with_roles='[{"role": "admin", "user_id": "ann", "user_email": null}]',
                   metadata='{"tags": ["eu"]}')
    litellm.insert("UserTable", user_id="ann", user_email="ann@example.com", user_role="internal_user",
                   teams=["red"], max_budget=50, spend=3, models=[], password="scrypt:secret")
    litellm.insert("UserTable", user_id="root", user_role="proxy_admin", teams=[], models=[])
    litellm.insert("TeamMembership", user_id="ann", team_id="red", spend=0.25, budget_id="member")
    litellm.insert("EndUserTable", user_id="acme", alias="Acme", budget_id="free", spend=2e-6)
    litellm.insert("EndUserTable", user_id="bad", blocked=True)
    litellm.insert("TagTable", tag_name="batch", models=["m"], budget_id="member")
    litellm.key("sk-plain-0123456789", key_alias="plain", spend=1.25, models=[], metadata='{"app": "x"}')
    litellm.key("sk-team-00123456789", team_id="red", user_id="ann", models=["all-team-models"],
                max_budget=5, budget_duration="30d", budget_reset_at=NOW + DAY, spend=4.5, rpm_limit=100,
                permissions='{"allow_pii_controls": true}')
    litellm.key("sk-late-00123456789", expires=NOW - DAY, models=[])
    litellm.key("sk-gone-00123456789", blocked=True, models=[])
    litellm.key("sk-full-00123456789", max_budget=1, spend=1, models=[])
    litellm.key("sk-anew-00123456789", max_budget=1, spend=1, budget_duration="1d",
                budget_reset_at=NOW - DAY, models=[])
    litellm.key("sk-root-00123456789", user_id="root", models=["gpt-unknown"])
    litellm.key("sk-dash-00123456789", team_id="litellm-dashboard", user_id="root", models=[])


def test_a_whole_litellm_comes_over(cluster, gateway, upstream):
    litellm = Litellm(cluster, "tables.sql")
    fill(litellm)
    said = bring(gateway, litellm, "--dry-run")
    assert "nothing was written" in said
    assert gateway.client.get("/key/list").json["total_count"] == 0

    said = bring(gateway, litellm)
    assert counts(said) == {"keys": (7, 0, 0), "teams": (1, 0, 0), "users": (2, 0, 0),
                            "customers": (2, 0, 0), "budgets": (2, 0, 0), "tags": (1, 0, 0)}
    for words in ("dashboard", "organization org", "permissions (1)", "gpt-unknown (1)"):
        assert words in said, said
    # The daemon that runs sees them by itself.
    wait_until(lambda: gateway.client.get("/key/list").json["total_count"] == 7, 10, "the keys")

    assert chat(gateway, "sk-plain-0123456789").status == 200
    assert row_of(gateway, "sk-plain-0123456789")["spend"] == pytest.approx(1.25 + 21e-6)
    assert row_of(gateway, "sk-plain-0123456789")["metadata"] == {"app": "x"}
    assert chat(gateway, "sk-team-00123456789", "best").status == 200
    assert chat(gateway, "sk-team-00123456789", "other").error["type"] == "team_model_access_denied"
    team_key = row_of(gateway, "sk-team-00123456789")
    assert team_key["spend"] == pytest.approx(4.5 + 21e-6) and team_key["rpm_limit"] == 100
    assert chat(gateway, "sk-late-00123456789").error["type"] == "expired_key"
    assert chat(gateway, "sk-gone-00123456789").status in (401, 403)
    full = chat(gateway, "sk-full-00123456789")
    assert full.status == 429 and full.error["type"] == "budget_exceeded"
    # Its window ended before it was imported.
    assert chat(gateway, "sk-anew-00123456789").status == 200
    assert chat(gateway, "sk-dash-00123456789").status == 401
    assert Client(gateway.port, "sk-root-00123456789").get("/user/list").json["total"] == 2

    team = gateway.client.get("/team/info?team_id=red").json
    assert team["team_info"]["spend"] == pytest.approx(12.5 + 21e-6)
    assert team["team_info"]["metadata"] == {"tags": ["eu"]}
    assert team["team_memberships"][0]["spend"] == pytest.approx(0.25 + 21e-6)
    assert team["team_memberships"][0]["litellm_budget_table"]["max_budget"] == 0.5
    assert chat(gateway, "sk-plain-0123456789", user="acme").error["type"] == "budget_exceeded"
    assert chat(gateway, "sk-plain-0123456789", user="bad").status in (400, 401, 403)
    for file in gateway.folder.iterdir():
        assert b"scrypt:secret" not in file.read_bytes()


def test_a_second_run_changes_nothing_and_a_third_brings_what_is_new(cluster, gateway, upstream):
    litellm = Litellm(cluster, "tables.sql")
    fill(litellm)
    bring(gateway, litellm)
    wait_until(lambda: chat(gateway, "sk-plain-0123456789").status == 200, 10, "the keys")
    said = bring(gateway, litellm)
    assert "nothing to do" in said
    assert counts(said)["keys"] == (0, 7, 0) and counts(said)["teams"] == (0, 1, 0)
    spent = row_of(gateway, "sk-plain-0123456789")["spend"]
    litellm.key("sk-newest-123456789", models=[])
    litellm.run('UPDATE "LiteLLM_VerificationToken" SET spend = 2.25, max_budget = 9 WHERE key_alias = %s', ("plain",))
    said = bring(gateway, litellm)
    assert counts(said)["keys"] == (1, 6, 1)
    wait_until(lambda: chat(gateway, "sk-newest-123456789").status == 200, 10, "the new key")
    row = row_of(gateway, "sk-plain-0123456789")
    assert row["max_budget"] == 9 and row["spend"] == pytest.approx(spent + 1)


def test_an_older_litellm_has_fewer_columns(cluster, gateway, upstream):
    litellm = Litellm(cluster, "tables_before.sql")
    litellm.insert("TeamTable", team_id="red", admins=["ann"], members=["ann", "bob"], models=[], spend=1)
    litellm.insert("UserTable", user_id="ann", models=[], teams=["red"])
    litellm.key("sk-old-000123456789", team_id="red", models=["m"], spend=0.5, max_budget=2)
    said = bring(gateway, litellm)
    assert counts(said)["keys"] == (1, 0, 0)
    assert "no table LiteLLM_TagTable" in said
    wait_until(lambda: chat(gateway, "sk-old-000123456789").status == 200, 10, "the key")
    assert row_of(gateway, "sk-old-000123456789")["spend"] == pytest.approx(0.5 + 21e-6)
    members = gateway.client.get("/team/info?team_id=red").json["team_info"]["members_with_roles"]
    assert [(one["user_id"], one["role"]) for one in members] == [("ann", "admin"), ("bob", "user")]
    assert "nothing to do" in bring(gateway, litellm)


BAD = [
    ("max_budget", "'NaN'::float8"), ("max_budget", "-5"), ("spend", "'Infinity'::float8"),
    ("budget_duration", "'soon'"), ("rpm_limit", "-1"), ("aliases", "'[1]'::jsonb"),
    ("budget_limits", "'{\"a\": 1}'::jsonb"),
]


def test_a_value_that_cannot_be_read_stops_everything(cluster, gateway):
    litellm = Litellm(cluster, "tables.sql")
    litellm.key("sk-good-00123456789", models=[])
    litellm.key("sk-ill-000123456789", models=[])
    for column, value in BAD:
        litellm.run(f'UPDATE "LiteLLM_VerificationToken" SET "{column}" = {value} WHERE token = %s',
                    (hashed("sk-ill-000123456789"),))
        said = bring(gateway, litellm, code=1)
        for words in ("LiteLLM_VerificationToken", "sk-...6789", column, "Nothing was written"):
            assert words in said, said
        litellm.run('DELETE FROM "LiteLLM_VerificationToken" WHERE token = %s', (hashed("sk-ill-000123456789"),))
        litellm.key("sk-ill-000123456789", models=[])
    assert gateway.client.get("/key/list").json["total_count"] == 0


def test_what_is_no_litellm_says_so(cluster, gateway, workshop):
    empty = Litellm(cluster, "tables.sql")
    empty.run('DROP TABLE "LiteLLM_VerificationToken" CASCADE')
    assert "no table LiteLLM_VerificationToken" in bring(gateway, empty, code=1)
    odd = Litellm(cluster, "tables.sql")
    odd.run('ALTER TABLE "LiteLLM_TeamTable" RENAME team_id TO id')
    assert "LiteLLM_TeamTable has no column team_id" in bring(gateway, odd, code=1)
    away = Litellm(cluster, "tables.sql")
    away.url = f"postgresql://nobody:hidden-word@127.0.0.1:{workshop.closed_port().port}/x"
    said = bring(gateway, away, code=1)
    assert "PostgreSQL" in said and "hidden-word" not in said


def test_prismas_schema_is_a_search_path(cluster, gateway):
    litellm = Litellm(cluster, "tables.sql")
    litellm.key("sk-moved-0123456789", models=[])
    litellm.run("CREATE SCHEMA proxy; GRANT USAGE ON SCHEMA proxy TO PUBLIC")
    litellm.run('ALTER TABLE "LiteLLM_VerificationToken" SET SCHEMA proxy;'
                'GRANT SELECT ON ALL TABLES IN SCHEMA proxy TO PUBLIC')
    litellm.url += "?schema=proxy&connection_limit=10"
    assert counts(bring(gateway, litellm))["keys"] == (1, 0, 0)


def test_instances_that_share_a_database_get_the_keys_there(cluster, workshop, upstream):
    litellm = Litellm(cluster, "tables.sql")
    litellm.key("sk-shared-123456789", models=[], spend=0.5)
    gateway = workshop.serve(deployment("m", upstream.base, **PRICES),
                             general_settings={"database_url": cluster.database("shared_keys")})
    assert "written to PostgreSQL" in bring(gateway, litellm)
    wait_until(lambda: chat(gateway, "sk-shared-123456789").status == 200, 10, "the key")
    assert row_of(gateway, "sk-shared-123456789")["spend"] == pytest.approx(0.5 + 21e-6)


def test_many_keys_come_in_pages(cluster, gateway):
    litellm = Litellm(cluster, "tables.sql")
    litellm.run("INSERT INTO \"LiteLLM_VerificationToken\" (token, key_name, models) "
                "SELECT encode(sha256(('sk-' || n)::bytea), 'hex'), 'sk-...' || n, '{m}' "
                "FROM generate_series(1, 1203) AS n")
    assert counts(bring(gateway, litellm))["keys"] == (1203, 0, 0)
    wait_until(lambda: chat(gateway, "sk-1203").status == 200, 10, "the last key")
