# Configuring and building one CMake preset, silently when there is nothing to do.

# build_preset PRESET [TARGET...]
build_preset() {
    local preset=$1
    shift
    local directory=build/$preset targets=("$@")
    ((${#targets[@]})) || targets=(all)
    mkdir -p build
    if [[ ! -f $directory/build.ninja ]]; then
        echo "configuring $preset"
        logged "build/$preset.configure.log" cmake --preset "$preset"
    fi
    local plan
    plan=$(ninja -C "$directory" -n "${targets[@]}" 2>&1) || plan='unknown steps'
    [[ $plan == *'no work to do'* ]] && return 0

    echo "building $preset (log: build/$preset.log)"
    local build=(cmake --build "$directory" --target "${targets[@]}")
    "${build[@]}" >"build/$preset.log" 2>&1 && return 0
    # GCC 12 has once read a good precompiled header wrongly and refused good code. Wrong code is
    # refused a second time, with headers made anew.
    echo "building $preset again"
    find "$directory" -name '*.gch' -delete
    logged "build/$preset.log" "${build[@]}"
}

# logged FILE COMMAND...   runs it with its output in FILE, which is shown when it fails
logged() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 || {
        grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Re-run|Generating)' "$log" | tail -n 100 >&2
        echo "$0: failed: $*" >&2
        return 1
    }
}
