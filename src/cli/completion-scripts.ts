import { flatten, type CommandNode, type CommandOption } from './command-tree.ts'
import type { Shell } from './completion.ts'
import { idsOf, type IdKind } from './ids.ts'

type Words = Readonly<Record<string, readonly string[]>>

type Place = Readonly<{
  at: string
  words: readonly Readonly<{ word: string; description: string }>[]
  options: readonly (CommandOption & { readonly ids?: IdKind | undefined })[]
  /** Ids of the running server, for the first argument. */
  ids?: IdKind | undefined
}>

export function completionOf(shell: Shell, tree: CommandNode, extra: Words): string {
  const places = flatten(tree).map((node) => placeOf(node, extra[node.words.join(' ')] ?? []))
  return { bash, zsh, fish }[shell](places)
}

function placeOf({ words, commands, arguments: given, options }: CommandNode, extra: readonly string[]): Place {
  const below = commands.map((command) => ({ word: command.words.at(-1) ?? '', description: command.summary }))
  const choices = [...(given[0]?.choices ?? []), ...extra].map((word) => ({ word, description: '' }))
  const command = words.join(' ')
  return {
    at: words.map((word) => `/${word}`).join(''),
    words: [...below, ...choices],
    options: options.map((option) => ({
      ...option,
      // `--sink` of `init` is the URL of a new one.
      ids: option.value === 'ID' ? idsOf(command, option.flags.at(-1) ?? '') : undefined,
    })),
    ids: idsOf(command, given[0]?.name ?? ''),
  }
}

type Kind = 'file' | 'folder' | 'words' | 'ids' | 'nothing'

function kindOf({ value, choices, ids }: Place['options'][number]): Kind {
  if (choices.length > 0) return 'words'
  if (ids !== undefined) return 'ids'
  return value === 'FILE' ? 'file' : value === 'DIR' ? 'folder' : 'nothing'
}

function valueCases(
  places: readonly Place[],
  lines: Readonly<Record<Kind, (words: readonly string[]) => string>>,
): string[] {
  const branches = new Map<string, string[]>()
  for (const { at, options } of places) {
    for (const option of options) {
      if (option.value === undefined) continue
      const act = lines[kindOf(option)](option.ids === undefined ? option.choices : [option.ids])
      branches.set(act, [...(branches.get(act) ?? []), ...option.flags.map((flag) => `'${at} ${flag}'`)])
    }
  }
  return [...branches].map(([act, patterns]) => `${patterns.join('|')}) ${act} ;;`)
}

const flagsOf = (options: readonly CommandOption[]) => options.map(({ flags }) => flags.at(-1) ?? '')
const steps = (places: readonly Place[]) =>
  places
    .filter(({ at }) => at !== '')
    .map(({ at }) => at)
    .join('|')

function bash(places: readonly Place[]): string {
  const reply = (generate: string) => `COMPREPLY=($(compgen ${generate} -- "$cur"))`
  const names = (generate: string) => `local IFS=$'\\n'; compopt -o filenames 2>/dev/null; ${reply(generate)}; return`
  const values = valueCases(places, {
    words: (words) => `${reply(`-W '${words.join(' ')}'`)}; return`,
    file: () => names('-f'),
    folder: () => names('-d'),
    ids: ([kind = '']) => `${reply(`-W "$(_weir_ids ${kind})"`)}; return`,
    nothing: () => 'return',
  })
  const here = places.map(
    ({ at, words, options, ids }) =>
      `'${at}') flags='${flagsOf(options).join(' ')}' words='${words.map(({ word }) => word).join(' ')}'` +
      `${ids === undefined ? '' : ` ids=${ids}`} ;;`,
  )
  return `# bash completion of weir. Load it with: source <(weir completion bash)
# Ids of the server that the line selects; none without a server.
_weir_ids() {
  local i server=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      --url|--data|--token-file) server+=("\${COMP_WORDS[i]}" "\${COMP_WORDS[i+1]}") ;;
    esac
  done
  "\${COMP_WORDS[0]}" ids "$1" "\${server[@]}" 2>/dev/null
}
_weir() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at='' flags='' words='' ids='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at/\${COMP_WORDS[i]}" in
      ${steps(places)}) at="$at/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $before" in
    ${values.join('\n    ')}
  esac
  case "$at" in
    ${here.join('\n    ')}
  esac
  if [[ $cur == -* ]]; then
    ${reply('-W "$flags"')}
  else
    if [[ -n $ids ]]; then words=$(_weir_ids "$ids"); fi
    ${reply('-W "$words"')}
  fi
}
complete -F _weir weir
`
}

function zsh(places: readonly Place[]): string {
  const values = valueCases(places, {
    words: (words) => `compadd -- ${words.join(' ')}; return`,
    file: () => '_files; return',
    folder: () => '_files -/; return',
    ids: ([kind = '']) => `compadd -- \${(f)"$(_weir_ids ${kind})"}; return`,
    nothing: () => 'return',
  })
  const entry = (word: string, description: string) =>
    quoted(`${word.replaceAll(':', '\\:')}${description === '' ? '' : `:${description}`}`)
  const here = places.map(({ at, words, options, ids }) => {
    const flags = options.map((option) => entry(option.flags.at(-1) ?? '', option.description))
    return (
      `'${at}') flags=(${flags.join(' ')}) ` +
      `words_here=(${words.map(({ word, description }) => entry(word, description)).join(' ')})` +
      `${ids === undefined ? '' : ` ids=${ids}`} ;;`
    )
  })
  // In zsh, `path` is the search path.
  return `#compdef weir
# zsh completion of weir. Save it as _weir in a folder of $fpath, or load it with: source <(weir completion zsh)
_weir_ids() {
  local i
  local -a server
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      --url|--data|--token-file) server+=("\${words[i]}" "\${words[i+1]}") ;;
    esac
  done
  "\${words[1]}" ids "$1" $server 2>/dev/null
}
_weir() {
  local at='' ids='' i
  local -a flags words_here
  for ((i = 2; i < CURRENT; i++)); do
    case "$at/\${words[i]}" in
      ${steps(places)}) at="$at/\${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
    ${values.join('\n    ')}
  esac
  case "$at" in
    ${here.join('\n    ')}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o flag flags
  elif [[ -n $ids ]]; then
    compadd -- \${(f)"$(_weir_ids $ids)"}
  else
    _describe command words_here
  fi
}
# From a folder of $fpath the file itself runs as the function on its first use.
if [[ $funcstack[1] == _weir ]]; then _weir "$@"; else compdef _weir weir; fi
`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ at, words, options, ids }) => {
    const here = `complete -c weir -n '__weir_at "${at}"'`
    const completes: Readonly<Record<Kind, (choices: readonly string[]) => string>> = {
      words: (choices) => ` -x -a '${choices.join(' ')}'`,
      file: () => ' -r -F',
      folder: () => " -x -a '(__fish_complete_directories)'",
      ids: ([kind = '']) => ` -x -a '(__weir_ids ${kind})'`,
      nothing: () => ' -x',
    }
    return [
      ...(ids === undefined ? [] : [`${here} -a '(__weir_ids ${ids})'`]),
      ...words.map(
        ({ word, description }) =>
          `${here} -a ${quoted(word)}${description === '' ? '' : ` -d ${quoted(description)}`}`,
      ),
      ...options.map((option) => {
        const names = option.flags
          .map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
          .join(' ')
        return (
          `${here} ${names}${option.value === undefined ? '' : completes[kindOf(option)](option.ids === undefined ? option.choices : [option.ids])} -d ` +
          `${quoted(option.description)}`
        )
      }),
    ]
  })
  return `# fish completion of weir. Save it as ~/.config/fish/completions/weir.fish
function __weir_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at/$word"
      case ${steps(places).replaceAll('|', ' ')}
        set at "$at/$word"
    end
  end
  test "$at" = "$argv[1]"
end
# Ids of the server that the line selects; none without a server.
function __weir_ids
  set -l typed (commandline -opc)
  set -l server
  for i in (seq (count $typed))
    switch $typed[$i]
      case --url --data --token-file
        set -a server $typed[$i] $typed[(math $i + 1)]
    end
  end
  $typed[1] ids $argv[1] $server 2>/dev/null
end
complete -c weir -f
${lines.join('\n')}
`
}

function quoted(text: string) {
  return `'${text.replaceAll("'", '’')}'`
}
