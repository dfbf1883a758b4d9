# SPDX-License-Identifier: ISC
# A completion for zsh.
END {
    printf "#compdef %s\n# Completion of %s for zsh, made from its help.\n_%s() {\n    local -a verbs options\n", name, name, name
    printf "    local files values\n    verbs=(\n"
    for (i = 1; i <= nverbs; i++) {
        text = help[verbs[i]]
        gsub(/:/, "\\:", text)
        printf "        '%s:%s'\n", verbs[i], text
    }
    printf "    )\n    if (( CURRENT == 2 )); then\n        _describe verb verbs\n        return\n    fi\n    case $words[2] in\n"
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
        printf "    %s) options=(%s) files='%s ' values='%s ' ;;\n", v, options[v], files, values
    }
    printf "    help) _describe verb verbs; return ;;\n    esac\n"
    printf "    case $values in *\" $words[CURRENT-1] \"*) return ;; esac\n"
    printf "    case $files in *\" $words[CURRENT-1] \"*) _files; return ;; esac\n"
    printf "    case $words[CURRENT] in\n    -*) compadd -- $options --help ;;\n    *) _files ;;\n    esac\n}\n_%s \"$@\"\n", name
}
