import type { Command } from 'commander'
import type { Health } from '../api/published.ts'
import { self } from '../host/process.ts'
import { isRecord } from '../model/json.ts'
import { action, CommandError, serverAt, withServerFlags, type ServerFlags } from './client.ts'
import { defaultOpsUrl, discover, readJson, type Target } from './discover.ts'
import { examples } from './examples.ts'
import { secondsOf } from './option-values.ts'
import { oneLine } from './text-table.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'

interface HealthFlags extends ServerFlags, OutputFlags {
  readonly timeout: number
}

type ShownHealth = Pick<Health, 'ready' | 'reasons' | 'warnings'>

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('health')
        .description('Check whether the server is ready, for probes of containers and services.')
        .option('--timeout <SECONDS>', 'time limit of the response', secondsOf, 5),
    ),
  )
    .addHelpText(
      ...examples(
        ['weir health', 'weir health --url http://127.0.0.1:8081', "weir health -o json | jq '.reasons[]'"],
        { 0: 'ready', 1: 'not ready; the reasons are printed', 2: 'server unreachable or usage error' },
        `No token is needed: the command queries /healthz/ready of the address of \`ops\`. --url can be this address or
that of the API.`,
      ),
    )
    .action(action(run))
}

async function run(flags: HealthFlags) {
  const health = await found(flags).catch((error: unknown) => {
    throw error instanceof CommandError ? new CommandError(error.message, error.hints, 2) : error
  })
  const { ready, reasons, warnings } = health
  await printData(flags, {
    whole: health,
    rows: [{ ready, reasons: reasons.join('; '), warnings: warnings.join('; ') }],
    columns: ['ready', 'reasons', 'warnings'],
    table: () => healthText(health),
  })
  if (!ready) self.leave(1)
}

function healthText({ ready, reasons, warnings }: ShownHealth): string {
  const lines = [...reasons, ...warnings.map((warning) => `warning: ${warning}`)]
  return `${ready ? 'ready' : 'not ready'}\n${lines.map((line) => `  ${oneLine(line)}\n`).join('')}`
}

async function found(flags: HealthFlags): Promise<ShownHealth> {
  const target = await discover(flags)
  if (target.kind === 'server' && target.holder.url === '')
    return { ready: false, reasons: ['Weir is starting'], warnings: [] }
  const [first, ...rest] = await addresses(target, flags)
  const problems: string[] = []
  for (const { url, token } of [first!, ...rest]) {
    const health = await ask(url, token, flags)
    if (typeof health !== 'string') return health
    problems.push(`${url}: ${health}`)
  }
  throw new CommandError(`The health of ${first!.url} is unknown.`, problems)
}

/** `ops` needs no token, but may be off or another address. */
async function addresses(target: Target, flags: HealthFlags): Promise<{ url: string; token?: string | undefined }[]> {
  const { url, token } = await serverAt(target, flags)
  const api = { url: `${url}/api/v1/health`, token }
  switch (target.kind) {
    case 'server':
      return target.holder.ops === undefined ? [api] : [{ url: `${target.holder.ops}/healthz/ready` }, api]
    case 'url':
      return [api, { url: `${target.origin === 'guessed' ? defaultOpsUrl : target.url}/healthz/ready` }]
    case 'folder':
      return []
  }
}

/** The reason if the response has no health. */
async function ask(url: string, token: string | undefined, { timeout }: HealthFlags): Promise<ShownHealth | string> {
  const json = await readJson(url, { withinMs: 1000 * timeout, token })
  if ('problem' in json) return json.problem
  const { status, body } = json
  if (!isRecord(body) || typeof body['ready'] !== 'boolean') return `status ${status}`
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])
  return { ready: body['ready'], reasons: texts(body['reasons']), warnings: texts(body['warnings']) }
}
