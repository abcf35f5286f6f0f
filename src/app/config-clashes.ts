import { resolve, sep } from 'node:path'
import { formatHostPort } from '../schema/values.ts'
import { formatPath, type Path } from '../schema/problem.ts'
import { builtInTypes } from '../components/manifests.ts'
import { listenersOf, outputsOf, type Listener } from './config-facts.ts'
import type { WeirConfig } from './config.ts'

type Clash = Readonly<{
  path: Path
  message: string
  hint: string
}>

export function clashes(config: WeirConfig, written: unknown): readonly Clash[] {
  return [...ports(config), ...files(config), ...leases(config), ...sizes(config, written)]
}

function ports(config: WeirConfig): Clash[] {
  const all = listenersOf(config).filter(({ address }) => address.port !== 0)
  // Built-in sources first: the problem is reported at the configured part.
  const builtIn = ({ owner }: Listener) => builtInTypes.has(owner)
  const listeners = [...all.filter(builtIn), ...all.filter((listener) => !builtIn(listener))]
  const samePort = new Map<string, Listener[]>()
  return listeners.flatMap((listener) => {
    const port = `${listener.protocol}:${listener.address.port}`
    const earlier = samePort.get(port) ?? []
    samePort.set(port, earlier)
    const clash = earlier.find((candidate) => overlap(candidate, listener))
    earlier.push(listener)
    if (clash === undefined) return []
    const message =
      `\`${formatPath(clash.path)}\` already listens on ${clash.protocol.toUpperCase()} ` +
      `${formatHostPort(clash.address)}`
    return [{ path: listener.path, message, hint: 'choose another port, or turn one of the two listeners off' }]
  })
}

/** True if two listeners of one protocol and port overlap. */
function overlap(a: Listener, b: Listener): boolean {
  const [first, two] = [a.address.host, b.address.host].map((host) => (host === 'localhost' ? '127.0.0.1' : host)) as [
    string,
    string,
  ]
  // A socket on `::` also accepts IPv4.
  if (first === two || first === '::' || two === '::') return true
  return (first === '0.0.0.0' && !two.includes(':')) || (two === '0.0.0.0' && !first.includes(':'))
}

function files(config: WeirConfig): Clash[] {
  const { data } = config
  const owners = new Map<string, string>()
  const inside = `${resolve(data)}${sep}`
  return outputsOf(config).flatMap(({ id, path, value }): Clash[] => {
    const file = resolve(value)
    const owner = owners.get(file)
    if (owner !== undefined)
      return [{ path, message: `sink \`${owner}\` writes to the same file`, hint: 'give each sink its own file' }]
    owners.set(file, id)
    return file.startsWith(inside)
      ? [
          {
            path,
            message: `the file is inside the data folder ${data}`,
            hint: 'choose a path outside of it: Weir manages every file in there',
          },
        ]
      : []
  })
}

/** The second of two sources with one Lease would wait forever. */
function leases({ sources }: WeirConfig): Clash[] {
  const owners = new Map<string, string>()
  return Object.values(sources).flatMap(({ id, settings }): Clash[] => {
    const { lease } = settings as {
      readonly lease?: Readonly<{ name: string | null; namespace: string | null; kubeconfig?: string | null }> | null
    }
    if (typeof lease?.name !== 'string') return []
    const key = JSON.stringify([lease.name, lease.namespace, lease.kubeconfig ?? null])
    const owner = owners.get(key)
    if (owner === undefined) owners.set(key, id)
    return owner === undefined
      ? []
      : [
          {
            path: ['sources', id, 'lease', 'name'],
            message: `source \`${owner}\` has the same lease`,
            hint: 'give each source its own lease',
          },
        ]
  })
}

/** Only explicit sizes: the defaults fit the default journal. */
function sizes({ journal }: WeirConfig, written: unknown): Clash[] {
  const given = (written as { readonly journal?: Readonly<Record<string, unknown>> } | null)?.journal ?? {}
  return (['segment', 'keep'] as const).flatMap((key) =>
    given[key] === undefined || journal[key] <= journal.max
      ? []
      : [
          {
            path: ['journal', key],
            message: 'is larger than `journal.max`',
            hint: `make \`${key}\` at most a quarter of \`max\``,
          },
        ],
  )
}
