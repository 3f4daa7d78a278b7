# The Bash kernel. It is an interactive bash that reads what it runs from its input, line by line: the only bash that
# comes back to the next line when SIGINT stops the one it is at. The server writes a few lines for a cell: start, the
# code into a variable, eval of it, end. How frames look is told in wire.py.
PS1= PS2= PS4='+ ' PROMPT_COMMAND=
set +o history +H
unset HISTFILE
shopt -u checkwinsize
exec {__skerry_out}>&1 {__skerry_err}>&2
__skerry_number=0
__skerry_count=0
__skerry_from=$PWD
__skerry_flags=
__skerry_trap='trap - INT'
declare -A __skerry_before=()
# SIGINT is for cells. Between them it is ignored, or it would throw away a line of the server that is half read.
trap '' INT
__skerry_send() {
    __skerry_number=$((__skerry_number + 1))
    printf '\036%s.%d:\n' "$__skerry_token" "$__skerry_number" >&"$__skerry_err"
    printf '\036%s.%d:{"type":"%s","id":%d,"count":%d%s}\n' \
        "$__skerry_token" "$__skerry_number" "$1" "$2" "$__skerry_count" "$3" >&"$__skerry_out"
}
__skerry_hello() {
    __skerry_send hello "$1" ''
}
__skerry_start() {
    exec 1>&"$__skerry_out" 2>&"$__skerry_err"
    __skerry_count=$((__skerry_count + 1))
    __skerry_send start "$1" ''
}
__skerry_export() {
    local value
    if [[ -v $1 ]]; then __skerry_before[$1]=${!1}; fi
    printf -v value %b "$2"
    export "$1=$value"
}
__skerry_restore() {
    if [[ -v __skerry_before[$1] ]]; then export "$1=${__skerry_before[$1]}"; else unset "$1"; fi
    unset "__skerry_before[$1]"
}
# On the line of the code, so that SIGINT from here on stops the code as well.
__skerry_enter() {
    eval "$__skerry_trap"
}
# What `set` turned on is off between cells, or it would show and stop what is done here.
__skerry_end() {
    __skerry_flags=${-//[!exuvf]/}
    set +exuvf
    __skerry_trap=$(trap -p INT)
    trap '' INT
    __skerry_trap=${__skerry_trap:-trap - INT}
    __skerry_flags=${__skerry_flags:+set -$__skerry_flags$'\n'}
    __skerry_send end "$1" ",\"status\":$2"
}
readonly -f __skerry_send __skerry_hello __skerry_start __skerry_export __skerry_restore
readonly -f __skerry_enter __skerry_end
