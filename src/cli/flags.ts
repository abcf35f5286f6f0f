import type { ConfigArguments } from '../app/load-config.ts'
import type { Override } from '../schema/index.ts'
import { WeirError } from '../model/errors.ts'
import { nearest } from '../schema/suggest.ts'

type Flag = Readonly<{
  name: string
  path: readonly string[]
  value: string
  help: string
  repeatable?: boolean
}>

export const runFlags: readonly Flag[] = [
  { name: 'data', path: ['data'], value: 'DIR', help: 'data folder (default ./weir-data)' },
  {
    name: 'listen',
    path: ['listen'],
    value: 'HOST:PORT',
    help: 'API, console and POST /events (default 127.0.0.1:8080)',
  },
  { name: 'ops', path: ['ops'], value: 'HOST:PORT', help: 'metrics and health (default 127.0.0.1:8081)' },
  {
    name: 'netflow',
    path: ['sources', 'netflow', 'listen'],
    value: 'HOST:PORT',
    repeatable: true,
    help: 'NetFlow and IPFIX over UDP (default 0.0.0.0:2055 and 0.0.0.0:4739)',
  },
  {
    name: 'ipfix-tcp',
    path: ['sources', 'netflow', 'tcp'],
    value: 'HOST:PORT',
    repeatable: true,
    help: 'IPFIX over TCP (default 0.0.0.0:4739)',
  },
  {
    name: 'sflow',
    path: ['sources', 'sflow', 'listen'],
    value: 'HOST:PORT',
    repeatable: true,
    help: 'sFlow over UDP (default 0.0.0.0:6343)',
  },
]

function usage(message: string) {
  return new WeirError('WEIR_CONFIG_INVALID', message, { advice: '`weir run --help` lists the flags.' })
}

interface RunFlags extends ConfigArguments {
  readonly help: boolean
}

export const runHelp = `weir run: receive, journal, store and deliver until stopped

  weir run [FILE]… [flags]

  --config FILE            YAML file, a folder of them, or \`-\` for standard input; also without the flag. May be
                           repeated, later files override earlier ones. \`weir schema\` describes the settings,
                           \`weir create\` prints samples
${runFlags.map(({ name, value, help }) => `  ${`--${name} ${value}`.padEnd(24)} ${help}`).join('\n')}
  --help                   this page

Flags override WEIR_* variables, which override the file. A listener flag replaces the default addresses and may be
repeated; \`off\` disables the listener.

Exit code: 0 clean stop, 1 failure, 2 usage error or invalid configuration.

Example:

  weir run --data /var/lib/weir --netflow 0.0.0.0:2055 --sflow off
`

/** Reads \`--name value\` and \`--name=value\` without commander, so that a start loads less. */
export function parseRunFlags(args: readonly string[]): RunFlags {
  const given = new Map<string, string[]>()
  const config: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '--help' || arg === '-h') return { config, overrides: [], help: true }
    if (arg === '-' || !arg.startsWith('-')) {
      config.push(arg)
      continue
    }
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg)
    const name = match?.[1]
    const names = ['config', ...runFlags.map((flag) => flag.name)]
    if (name === undefined || !names.includes(name)) {
      const near =
        nearest(name ?? arg, names) ?? names.find((candidate) => name !== undefined && candidate.startsWith(name))
      throw usage(`unknown flag ${arg}${near === undefined ? '' : `; did you mean --${near}?`}`)
    }
    const value = match?.[2] ?? args[++i]
    if (value === undefined) throw usage(`--${name} needs a value`)
    if (name === 'config') config.push(value)
    else given.set(name, [...(given.get(name) ?? []), value])
  }
  const overrides = runFlags.flatMap(({ name, path, repeatable }): Override[] => {
    const values = given.get(name)
    if (values === undefined) return []
    const off = repeatable === true && values.length === 1 && values[0] === 'off'
    return [{ path, origin: `--${name}`, value: repeatable === true && !off ? values : values.at(-1) }]
  })
  return { config, overrides, help: false }
}
