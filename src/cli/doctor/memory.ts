import { memoryMetric } from '../../telemetry/memory.ts'
import { sizeText } from '../../model/size-text.ts'
import { ok, reason, warn, type Finding, type CheckContext } from './finding.ts'

const maxListedParts = 5

export async function checkMemory({ config, running }: CheckContext): Promise<Finding[]> {
  const [ops] = config.ops
  if (running === undefined || ops === undefined) return []
  const check = 'memory in use'
  try {
    const answer = await fetch(`http://${ops.host.includes(':') ? `[${ops.host}]` : ops.host}:${ops.port}/metrics`)
    if (!answer.ok)
      return [warn(check, `the metrics endpoint responded with status ${answer.status}`, 'Check the log.')]
    return [ok(check, memoryFact(await answer.text()))]
  } catch (error) {
    return [
      warn(
        check,
        `the metrics of the running Weir cannot be read: ${reason(error)}`,
        'Check `ops` in the configuration.',
      ),
    ]
  }
}

export function memoryFact(metrics: string): string {
  const resident = Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1] ?? 0)
  const parts = [...metrics.matchAll(new RegExp(`^${memoryMetric}\\{part="([^"]+)"\\} (\\S+)$`, 'gm'))]
    .map(([, part = '', bytes]) => ({ part, bytes: Number(bytes) }))
    .sort((a, b) => b.bytes - a.bytes)
  const named = parts.slice(0, maxListedParts)
  const rest = resident - named.reduce((sum, { bytes }) => sum + bytes, 0)
  return [
    `${sizeText(resident)} resident`,
    ...named.map(({ part, bytes }) => `${part} ${sizeText(bytes)}`),
    `code and other ${sizeText(Math.max(0, rest))}`,
  ].join(', ')
}
