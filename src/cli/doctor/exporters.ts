import type { Exporters } from '../../topics/exporters/schema.ts'
import { ago } from '../exporters/page.ts'
import { oneLine } from '../text-table.ts'
import { ok, reason, warn, type Finding, type CheckContext } from './finding.ts'
import { getRunning } from './running.ts'

const maxListedExporters = 5

export async function checkExporters({ host, running }: CheckContext): Promise<Finding[]> {
  if (running === undefined || running.url === '') return []
  const check = 'exporters'
  try {
    const answer = await getRunning(running, '/api/v1/exporters')
    if (answer.status === 401)
      return [warn(check, 'the running Weir requires a token', 'Set WEIR_TOKEN to one of its tokens.')]
    if (!answer.ok) return [warn(check, `the running Weir responded with status ${answer.status}`, 'Check its log.')]
    const { sources } = (await answer.json()) as Exporters
    return sources
      .filter(({ addresses }) => addresses.length > 0)
      .flatMap((source) => findings(source, host.clock.now()))
  } catch (error) {
    return [warn(check, `the running Weir did not respond: ${reason(error)}`, 'Check its log.')]
  }
}

function findings({ name, addresses, why, known, exporters }: Exporters['sources'][number], now: number): Finding[] {
  const check = `exporters ${name}`
  if (exporters.length === 0)
    return [
      warn(
        check,
        oneLine(why ?? `no data received on ${addresses.join(' or ')} since the start`),
        '`weir exporters --how softflowd` prints the configuration; other exporters are available, too.',
      ),
    ]
  const [newest] = exporters
  const troubled = exporters.flatMap(({ address, why: reason }) => (reason === undefined ? [] : [{ address, reason }]))
  return [
    ok(check, `${known} known, the last seen ${ago(now - (newest?.lastSeen ?? now))}`),
    ...troubled
      .slice(0, maxListedExporters)
      .map(({ address, reason }) =>
        warn(`exporter ${address}`, oneLine(reason), '`weir exporters` lists all of them.'),
      ),
    ...(troubled.length > maxListedExporters
      ? [
          warn(
            check,
            `${troubled.length - maxListedExporters} more have problems`,
            '`weir exporters` lists all of them.',
          ),
        ]
      : []),
  ]
}
