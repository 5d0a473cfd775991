# cmake -DINPUT=FILE -DOUTPUT=FILE.cpp -DHEADER=name.hpp -DNAMESPACE=a::b -DFUNCTION=name -P EmbedBytes.cmake
# Writes a source file whose FUNCTION returns the bytes of INPUT.
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f]))"
       "\\1\"\n    \"" lines "${escaped}")
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
file(WRITE "${OUTPUT}"
"// Generated from a file of the tree; do not edit.
#include \"${HEADER}\"

namespace ${NAMESPACE} {

std::string_view ${FUNCTION}() noexcept
{
    static constexpr char bytes[] =
    \"${lines}\";
    return {bytes, ${size}};
}

}  // namespace ${NAMESPACE}
")
