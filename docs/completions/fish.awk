# SPDX-License-Identifier: ISC
# A completion for fish.
END {
    printf "# Completion of %s for fish, made from its help.\n", name
    for (i = 1; i <= nverbs; i++)
        printf "complete -c %s -f -n __fish_use_subcommand -a %s -d '%s'\n", name, verbs[i], help[verbs[i]]
    for (i = 1; i <= nverbs; i++) {
        v = verbs[i]
        n = split(options[v], list, " ")
        for (k = 1; k <= n; k++) {
            long = list[k] ~ /^--/
            word = list[k]
            sub(/^--?/, "", word)
            kind = takes[v, list[k]]
            printf "complete -c %s -n '__fish_seen_subcommand_from %s' %s %s%s\n", name, v, long ? "-l" : "-s", word,
                kind == "file" ? " -r -F" : kind == "value" ? " -x" : ""
        }
    }
}
