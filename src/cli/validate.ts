import type { Command } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import { action, CommandError } from './client.ts'
import { filesOrInstalled, installedByDefault, noFile, withConfigFiles, type ConfigFlags } from './config-files.ts'
import type { WeirConfig } from '../app/config.ts'
import { statusText, type Finding } from './doctor/finding.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { examples } from './examples.ts'

interface CheckFlags extends OutputFlags, ConfigFlags {
  readonly live?: boolean
  readonly environment: boolean
}

export function register(program: Command): void {
  withOutput(
    withConfigFiles(
      program
        .command('validate')
        .alias('check')
        .description(
          'Validate a configuration and print what would run. Nothing is started; without --live no system is ' +
            'contacted.',
        ),
      installedByDefault,
    )
      .option(
        '--live',
        'also open every port, and connect to every sink and every bus that is read; no data is sent or read',
      )
      .option(
        '--no-environment',
        'for CI: check the files alone. Variables, secrets, files that they name, and kubeconfigs need not exist; ' +
          'values with a variable fit any setting',
      ),
  )
    .addHelpText(
      ...examples(['weir validate', 'weir validate weir.yaml --live', 'weir validate --no-environment weir.yaml'], {
        0: `valid`,
        1: `valid, but a port or system is unavailable (--live)`,
        2: `invalid (printed with file, line and column) or usage error`,
      }),
    )
    .action(action(run))
}

async function run(given: readonly string[], { live, environment, output, ...flags }: CheckFlags) {
  if (!environment && live === true)
    throw new CommandError('--live needs the environment: use one of --live and --no-environment.', [], 2)
  const files = await filesOrInstalled(given, flags)
  const { loadConfig } = await import('../app/load-config.ts')
  const loaded = await loadConfig(realHost(), files, [], environment ? 'machine' : 'none')
  const { config, document, warnings, empty } = loaded
  if (empty.length > 0) self.stderr(`${empty.join(', ')} has no settings: the defaults apply.\n`)
  if (warnings !== '') self.stderr(`${warnings}\n`)
  const { verifyMachine, verifyLiterals } = await import('../app/config-machine.ts')
  if (!environment) {
    self.stderr(verifyLiterals(loaded))
    const { printUnverified } = await import('./validate-files.ts')
    return await printUnverified(files, loaded, output)
  }
  self.stderr(await verifyMachine(realHost(), loaded))
  const settings = await summary(config, document.value)
  const findings = live === true ? await tryLive(config) : []
  await printData(
    { output },
    {
      whole: { valid: true, settings: Object.fromEntries(settings), checks: findings },
      rows: [
        ...settings.map(([name, value]) => ({ name, value })),
        ...findings.map(({ check, fact, status, advice }) => ({ name: check, value: fact, status, advice })),
      ],
      columns: ['name', 'value', 'status', 'advice'],
      table: () =>
        `${files.join(', ') || noFile} is valid.\n\n${summaryText(settings)}` +
        (live === true ? `\n${liveText(findings)}` : ''),
    },
  )
  if (findings.some(({ status }) => status === 'fail')) self.leave(1)
}

async function tryLive(config: WeirConfig): Promise<readonly Finding[]> {
  const [{ checkPorts }, { checkSources }, { checkSinks }, { realMachine }, { readHolder }] = await Promise.all([
    import('./doctor/ports.ts'),
    import('./doctor/sources.ts'),
    import('./doctor/sinks.ts'),
    import('../host/machine.ts'),
    import('../app/lock.ts'),
  ])
  const host = realHost()
  const scene = { host, machine: realMachine, config, running: readHolder(config.data) }
  return [...(await checkPorts(scene)), ...(await checkSources(scene)), ...(await checkSinks(scene))]
}

function liveText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.map(
    ({ check, status, fact, advice }) =>
      `${statusText(status)}  ${check.padEnd(width)}  ` +
      `${fact}\n${advice === undefined ? '' : `${' '.repeat(width + 8)}→ ${advice}\n`}`,
  )
  const failing = findings.filter(({ status }) => status === 'fail').length
  return `${lines.join('')}${
    failing === 0
      ? 'Everything could be opened and reached.\n'
      : `${failing} of ${findings.length} could not be opened or ` + 'reached.\n'
  }`
}

function loginOf({ auth: { tokens, oidc }, data }: WeirConfig, reach: 'loopback' | 'network'): string {
  const named = tokens.map(
    ({ name, role, namespaces }) => `${name} (${role}${namespaces === null ? '' : ` of ${namespaces.join(' ')}`})`,
  )
  const ways = [
    ...(oidc === null ? [] : [`sign-in at ${oidc.issuer}`]),
    ...(named.length === 0 ? [] : [`tokens: ${named.join(' ')}`]),
  ]
  if (ways.length > 0) return ways.join(', ')
  return reach === 'loopback' ? 'no token needed' : `a token, generated at the first start and stored in ${data}/token`
}

export async function summary(config: WeirConfig, written: unknown): Promise<[name: string, value: string][]> {
  const [{ canListen, listenersOf, targetsOf }, { sourceAck }, { formatHostPort }, { isLoopback }] = await Promise.all([
    import('../app/config-facts.ts'),
    import('../app/config-ack.ts'),
    import('../schema/index.ts'),
    import('../api/access/guard.ts'),
  ])
  const listeners = Map.groupBy(
    listenersOf(config).filter(({ path }) => path[0] !== 'sinks'),
    ({ owner }) => owner,
  )
  const at = (owner: string) =>
    listeners
      .get(owner)
      ?.map(({ protocol, address }) => `${protocol} ${formatHostPort(address)}`)
      .join(', ') ?? 'off'
  const reached = (entry: Parameters<typeof targetsOf>[0], under: 'sources' | 'sinks') =>
    targetsOf(entry, under)
      .map(({ value }) => withoutUrlSecrets(value))
      .join(' ')
  return [
    ['data', config.data],
    ['api', `${at('api')}, ${loginOf(config, isLoopback(config.listen.host) ? 'loopback' : 'network')}`],
    ['ops', at('ops')],
    [
      'source http',
      `POST /events on ${formatHostPort(config.listen)}, acknowledged when ` +
        `${config.http.ack === 'journal' ? 'synced' : `${config.http.ack} settled it`}`,
    ],
    ...Object.values(config.sources).map((source): [string, string] => {
      const ack = sourceAck(source)
      const addresses = canListen(source) ? at(source.id) : reached(source, 'sources') || 'on'
      const settled = ack === undefined ? '' : `, acknowledged when sink:${ack} settled it`
      return [`source ${source.id}`, `${typed(source.id, source.type)}${addresses}${settled}`]
    }),
    ...Object.values(config.transforms).map(({ id, type, common }): [string, string] => [
      `transform ${id}`,
      `${typed(id, type)}${taken(common)}`,
    ]),
    ['sink store', storeLine(config)],
    ...Object.values(config.sinks).map((sink): [string, string] => {
      const { id, type, common } = sink
      const targets = reached(sink, 'sinks')
      return [`sink ${id}`, `${typed(id, type)}${targets === '' ? '' : `${targets}, `}${taken(common)}`]
    }),
    ...(await secrets(written)),
  ]
}

function storeLine({ data, store: { enabled, clickhouse } }: WeirConfig) {
  if (enabled === 'none') return 'off'
  const location =
    clickhouse === null ? `${data}/store` : `${withoutUrlSecrets(clickhouse.url)}, database ${clickhouse.database}`
  return `${enabled} in ${location}, from every source`
}

function summaryText(lines: readonly (readonly [name: string, value: string])[]) {
  const width = lines.reduce((most, [name]) => Math.max(most, name.length), 0)
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('')
}

function typed(id: string, type: string) {
  return id === type ? '' : `${type}: `
}

function taken({ from, only }: WeirConfig['sinks'][string]['common']) {
  const sources = from === null ? 'from every source' : `from ${from.join(', ')}`
  const family = only.family === null ? '' : `, family ${only.family.join(' or ')}`
  const type = only.type === null ? '' : `, type ${only.type.join(' or ')}`
  return `${sources}${family}${type}`
}

async function secrets(written: unknown): Promise<[string, string][]> {
  const [{ weirSchema }, { walkWritten }, { isReference, takesReference }] = await Promise.all([
    import('../app/config.ts'),
    import('../schema/descend.ts'),
    import('../schema/references.ts'),
  ])
  const results = new Set<string>()
  walkWritten(weirSchema.info, written, (info, value) => {
    if ((info.kind === 'secret' || takesReference(info)) && isReference(value)) results.add(value)
  })
  return [...results].map((reference) => [
    `secret ${reference}`,
    isThere(reference) ? 'exists' : 'is missing, and not needed by these `roles`',
  ])
}

function isThere(reference: string): boolean {
  const name = reference.slice(reference.indexOf(':') + 1).trim()
  if (reference.startsWith('env:')) return (self.env[name] ?? '') !== ''
  try {
    return self.readTextFile(name) !== ''
  } catch {
    return false
  }
}
