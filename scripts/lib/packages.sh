# The Debian packages that spillway needs, in one place. Sourced by the commands next door.

build_packages=(
    g++ cmake ninja-build ccache mold pkg-config ca-certificates
    libboost1.81-dev libcli11-dev libexpected-dev libfmt-dev libhowardhinnant-date-dev libpq-dev libre2-dev libsimdjson-dev
    libspdlog-dev libsqlite3-dev libssl-dev libyaml-cpp-dev libzstd-dev nlohmann-json3-dev
    prometheus-cpp-dev zlib1g-dev
)

test_packages=(
    libgtest-dev libgmock-dev                                  # unit tests
    clang-14 clang-tools-14 libclang-rt-14-dev clang-format-19 # lint and fuzzers
    postgresql python3-venv curl openssl util-linux            # flow and end-to-end tests
    binutils                                                   # docker/check.py
)

# Commands that may come from elsewhere than Debian: the package is wanted only when the command is
# missing (Node.js from its makers conflicts with Debian's npm).
test_commands=(node:nodejs npm:npm)

is_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# install_missing PACKAGE...   silent when everything is there
install_missing() {
    local package missing=()
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    if ! command -v apt-get >/dev/null; then
        echo "$0: these Debian 12 packages are missing: ${missing[*]}" >&2
        return 1
    fi

    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || {
            echo "$0: run this as root once: apt-get install ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    echo "installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# packages_for COMMAND:PACKAGE...   prints the packages whose command is missing
packages_for() {
    local pair
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
    done
}
