#!/bin/sh
# Puts the program that lies beside this script into the menu of the person who runs it, and offers it for .json and .nabla files.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
share=${XDG_DATA_HOME:-$HOME/.local/share}
mkdir -p "$share/applications" "$share/icons/hicolor/scalable/apps" "$share/mime/packages"
cp "$here/nablascope.xml" "$share/mime/packages/nablascope.xml"
cp "$here/_internal/resources/icons/nablascope.svg" "$share/icons/hicolor/scalable/apps/nablascope.svg"
# A path in Exec is quoted, with \ before what is special there and once more for the file itself.
program=$(printf '%s' "$here/nablascope" | sed 's/[\\"`$]/\\\\&/g; s/%/%%/g')
while IFS= read -r line; do
    case $line in
        Exec=*) printf 'Exec="%s" %%f\n' "$program" ;;
        *) printf '%s\n' "$line" ;;
    esac
done < "$here/nablascope.desktop" > "$share/applications/nablascope.desktop"
if command -v update-mime-database > /dev/null; then
    update-mime-database "$share/mime"
fi
if command -v update-desktop-database > /dev/null; then
    update-desktop-database "$share/applications"
fi
