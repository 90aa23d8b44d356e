#!/usr/bin/env bash
# Puts Wine 10 of Debian 13 into a folder, beside a Debian 12 whose own Wine 8 cannot start programs of Go 1.26. The
# system stays as it is: no package is installed and no library replaced. Any user can do it.
#
#   tools/wine/setup.sh FOLDER
#
# Afterwards FOLDER/wine and FOLDER/wineserver are the commands. The folder must stay where it is: its paths are in the
# programs. One that is complete is left alone. About 750 MB, and 130 MB to download from the mirror that apt uses.
#
# It wants: apt-get install --no-install-recommends patchelf libunwind8 libfreetype6 libfontconfig1 libgnutls30
# Without libfontconfig1 the first start of Wine ends in a thousand processes.
set -euo pipefail

fail() {
	echo "tools/wine/setup.sh: $*" >&2
	exit 1
}

[ $# = 1 ] || fail "say where: tools/wine/setup.sh FOLDER"
to=$(realpath -m "$1")
if [ -f "$to/complete" ]; then
	echo "$to is complete"
	exit 0
fi

command -v patchelf >/dev/null || fail "no patchelf; the head of this script says what it wants"
for lib in libunwind.so.8 libfreetype.so.6 libfontconfig.so.1 libgnutls.so.30; do
	ldconfig -p | grep -q "$lib" || fail "no $lib; the head of this script says what it wants"
done
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keys" ] || fail "no $keys: this is no Debian"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | grep -m1 '/debian/$') ||
	fail "apt has no mirror of Debian in its sources"

# What an interrupted try has left is begun anew.
rm -rf "$to"
mkdir -p "$to/apt/lists/partial" "$to/apt/archives/partial" "$to/apt/packages"
echo "deb [signed-by=$keys] $mirror trixie main" >"$to/apt/sources.list"
# A configuration of apt of its own, so that the system's lists do not learn of Debian 13.
cat >"$to/apt/apt.conf" <<END
Dir::Etc::sourcelist "$to/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$to/apt/lists";
Dir::Cache::archives "$to/apt/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
END
aptget() { apt-get -qq -c "$to/apt/apt.conf" "$@"; }
echo "fetching Wine of Debian 13"
aptget update
(cd "$to/apt/packages" && aptget download wine64/trixie libwine/trixie libc6/trixie libz-mingw-w64/trixie)
for p in "$to"/apt/packages/*.deb; do dpkg-deb -x "$p" "$to"; done

lib=$to/usr/lib/x86_64-linux-gnu
dlls=$lib/wine/x86_64-windows
# Wine loads a library of its own only with this mark in it, which its package sets when it is installed.
{
	head -c 64 "$to/usr/x86_64-w64-mingw32/lib/zlib1.dll"
	printf 'Wine builtin DLL'
	head -c 16 /dev/zero
	tail -c +97 "$to/usr/x86_64-w64-mingw32/lib/zlib1.dll"
} >"$dlls/zlib1.dll"
rm -rf "$to/apt" "$to"/usr/*-w64-mingw32 "$lib/wine/i386-windows" "$to/usr/share/doc"
ln -s . "$to/usr/share/wine/wine" # programs that were moved look for wine/nls there

# The programs run on the C library that came with them, all else on the system's.
for program in wine64 wineserver64; do
	patchelf --set-interpreter "$lib/ld-linux-x86-64.so.2" --set-rpath "$lib" "$to/usr/lib/wine/$program"
done
for so in "$lib"/wine/x86_64-unix/*.so; do patchelf --force-rpath --set-rpath "\$ORIGIN:$lib" "$so"; done

# -p0: without a server that was started to stay, one ends with the last program.
printf '#!/bin/sh\nexec "%s" -p0 "$@"\n' "$to/usr/lib/wine/wineserver64" >"$to/usr/lib/wine/wineserver"
printf '#!/bin/sh\nunset TMPDIR\nexec "%s" "$@"\n' "$to/usr/lib/wine/wineserver" >"$to/wineserver"
cat >"$to/wine" <<END
#!/bin/sh
unset DISPLAY WAYLAND_DISPLAY TMPDIR # with TMPDIR set it aborts
export WINEARCH=win64 WINELOADER="$to/usr/lib/wine/wine64" WINESERVER="$to/usr/lib/wine/wineserver"
export WINEDATADIR="$to/usr/share/wine"
exec "\$WINELOADER" "\$@"
END
chmod 755 "$to/wine" "$to/wineserver" "$to/usr/lib/wine/wineserver"
"$to/wine" --version | grep '^wine-' || fail "what was unpacked does not run"
touch "$to/complete"
