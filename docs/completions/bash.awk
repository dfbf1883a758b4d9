# SPDX-License-Identifier: ISC
# A completion for bash; it needs nothing but bash.
END {
    printf "# Completion of %s for bash, made from its help.\n_%s() {\n", name, name
    printf "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} options= files= values=\n"
    printf "    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '"
    for (i = 1; i <= nverbs; i++)
        printf "%s ", verbs[i]
    printf "help --help --version' -- \"$cur\"))\n        return\n    fi\n    case $verb in\n"
    for (i = 1; i <= nverbs; i++) {
        v = verbs[i]
        files = values = ""
        n = split(options[v], list, " ")
        for (k = 1; k <= n; k++) {
            if (takes[v, list[k]] == "file")
                files = files " " list[k]
            else if (takes[v, list[k]] == "value")
                values = values " " list[k]
        }
        printf "    %s) options='%s' files='%s ' values='%s ' ;;\n", v, options[v], files, values
    }
    printf "    help) COMPREPLY=($(compgen -W '"
    for (i = 1; i <= nverbs; i++)
        printf "%s ", verbs[i]
    printf "' -- \"$cur\")); return ;;\n    esac\n"
    printf "    case \"$values\" in *\" $prev \"*) return ;; esac\n"
    printf "    case \"$files\" in *\" $prev \"*) COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null; return ;; esac\n"
    printf "    case $cur in\n    -*) COMPREPLY=($(compgen -W \"$options --help\" -- \"$cur\")) ;;\n"
    printf "    *) COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null ;;\n    esac\n}\ncomplete -F _%s %s\n", name, name
}
