#!/usr/bin/env bash
# Runs tests of the Windows build under Wine: those of the packages that meet the machine, or of the packages given.
# Wine is not Windows: it shows that the program starts, finds its way in Windows' paths and files, and gets on with a
# service control manager and with being started by a boot. What held files, junctions, dependent services and event
# logs do there, it does not show.
#
#   tools/wine/run.sh [PACKAGE FOLDER...]
#
# It wants Wine 10 or later. Where there is none, tools/wine/setup.sh fetches it, once.
#
#   REDX_WINE       the command, if it is not "wine"; "wineserver" is looked for beside it, then in PATH
#   REDX_WINE_SHORT when set, leaves out what is the same on every system and tried there
#   REDX_WINE_DIR   where its Windows, and the Wine that was fetched, are kept between runs, 1.5 GB; a folder of the
#                   user's cache unless set. It can be deleted while nothing runs.
# As root it runs Wine as nobody, since to root no file is read-only.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(
	cmd/redx internal/agent/control internal/agent/disk internal/agent/facts internal/agent/home internal/agent/keep internal/agent/scan
	internal/agent/setup internal/collect internal/evidence internal/format/textline internal/format/uso internal/gather internal/image
	internal/image/offline internal/image/online internal/lab internal/repair internal/repair/act/live
	internal/repair/act/offline internal/repair/journal internal/sqlitefile internal/term internal/vault internal/win
	internal/win/wua internal/wuaclient internal/wintest
)
[ $# = 0 ] || packages=("$@")

fail() {
	echo "tools/wine/run.sh: $*" >&2
	exit 1
}

# Everything of Wine's stands in one folder that nobody else can write to.
as=()
default=${XDG_CACHE_HOME:-$HOME/.cache}/redx-wine
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid nobody --regid nogroup --clear-groups)
	default=/var/cache/redx-wine
fi
dir=${REDX_WINE_DIR:-$default}
install -d -m 755 "$dir"
"${as[@]}" test -w "$dir" || chown nobody:nogroup "$dir"
exec 9>"$dir/lock"
flock -n 9 || fail "another run has $dir; set REDX_WINE_DIR to a folder of your own"

# modern tells whether a command is a Wine that runs programs of Go.
modern() {
	[[ $("$1" --version 2>/dev/null) =~ ^wine-([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 10 ]
}
if [ -n "${REDX_WINE:-}" ]; then
	wine=$(command -v "$REDX_WINE") || fail "no $REDX_WINE here"
	modern "$wine" || fail "$wine is not Wine 10 or later"
elif wine=$(command -v wine) && modern "$wine"; then
	:
else
	tools/wine/setup.sh "$dir/wine"
	wine=$dir/wine/wine
fi
server=$(dirname "$wine")/wineserver
[ -x "$server" ] || server=$(command -v wineserver) || fail "no wineserver beside $wine"

# Wine takes its settings from the environment, so it gets one of its own: with TMPDIR set some builds abort, and
# without UTF-8 no file can have a name in another writing.
inside() {
	"${as[@]}" env -i PATH="$PATH" LANG=C.UTF-8 HOME="$dir" WINEPREFIX="$dir/prefix" WINEARCH=win64 WINEDEBUG=-all \
		WINEDLLOVERRIDES='mscoree=;mshtml=;winedbg.exe=d;winemenubuilder.exe=d' XDG_RUNTIME_DIR="$dir" \
		REDX_TEST_SERVICES=1 REDX_WINE="$wine" REDX_WINESERVER="$server" "$@" 9>&-
}
# boot starts Windows, with the streams closed: its services would keep a pipe open for ever.
boot() {
	inside timeout 60 "$server" -p
	inside timeout 600 "$wine" wineboot "$@" </dev/null >/dev/null 2>&1 || fail "wineboot $* failed"
}
halt() { inside timeout 60 "$server" -k 2>/dev/null || true; } # nothing to end is no error
trap halt EXIT

begun=$SECONDS
short=${REDX_WINE_SHORT:-}
step() { printf '\n== %s (%ss)\n' "$1" $((SECONDS - begun)); }

step "$("$wine" --version), compile the tests"
rm -rf "$dir/run"
install -d "$dir/run"
# The tests read files beside them, and the checkout may be closed to nobody.
tar -c --exclude=.git --exclude=.ci cmd docs internal go.mod | tar -x -C "$dir/run" --no-same-owner
windows() { GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go "$@"; }
for p in "${packages[@]}"; do
	windows test -c -o "$dir/run/$p/redx.test.exe" "./$p"
	# Tests that start Windows again run outside of it, with the real program.
	if [ -f "$p/outside_linux_test.go" ]; then
		windows build -o "$dir/run/$p/redx.exe" ./cmd/redx
		go build -o "$dir/run/$p/redx" ./cmd/redx # the server, which runs here
		go test -c -o "$dir/run/$p/outside.test" "./$p"
	fi
done
[ ${#as[@]} = 0 ] || chown -R nobody:nogroup "$dir/run"

step "start Wine"
halt
if [ ! -f "$dir/prefix/complete" ]; then
	rm -rf "$dir/prefix" # what an interrupted run has left
	inside mkdir -p "$dir/prefix"
	boot -i
	# The first session holds the services' database locked for half a minute.
	halt
	sleep 1
fi
# A run that is ended in the middle leaves services, which the next would meet.
inside rm -f "$dir/prefix/complete"
boot

status=0
for p in "${packages[@]}"; do
	step "$p"
	(cd "$dir/run/$p" && inside timeout 1500 "$wine" ./redx.test.exe -test.timeout 24m ${short:+-test.short} </dev/null) || {
		echo "FAILED: $p" >&2
		status=1
	}
	[ -x "$dir/run/$p/outside.test" ] || continue
	step "$p, from outside"
	(cd "$dir/run/$p" && inside timeout 2700 ./outside.test -test.timeout 44m ${short:+-test.short} </dev/null) || {
		echo "FAILED: $p, from outside" >&2
		status=1
	}
done
inside touch "$dir/prefix/complete"
step "done"
exit $status
