import type { Host } from '../../host/index.ts'
import type { Machine } from '../../host/machine.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import type { WeirConfig } from '../../app/config.ts'
import type { LockContent } from '../../app/lock.ts'
import { messageOf } from '../../model/errors.ts'
import { colour } from '../colour.ts'
import { wrap } from '../help/wrap.ts'
import type { Data } from '../output.ts'
import { tableWidth } from '../text-table.ts'

/** `fail`: Weir cannot start or would lose data. `warn`: Weir runs, and the user should act. */
export type Status = 'ok' | 'warn' | 'fail'

export type Finding = Readonly<{
  check: string
  status: Status
  fact: string
  advice?: string
}>

export type CheckContext = Readonly<{
  host: Host
  machine: Machine
  config: WeirConfig
  running: (LockContent & Readonly<{ token?: string | undefined }>) | undefined
}>

export const ok = (check: string, fact: string): Finding => ({ check, status: 'ok', fact: withoutUrlSecrets(fact) })
export const warn = (check: string, fact: string, advice: string): Finding => ({
  check,
  status: 'warn',
  fact: withoutUrlSecrets(fact),
  advice: withoutUrlSecrets(advice),
})
export const fail = (check: string, fact: string, advice: string): Finding => ({
  check,
  status: 'fail',
  fact: withoutUrlSecrets(fact),
  advice: withoutUrlSecrets(advice),
})

export function reason(error: unknown): string {
  return messageOf(error)
}

export function findingsData(findings: readonly Finding[]) {
  return {
    whole: { ok: findings.every(({ status }) => status !== 'fail'), checks: findings },
    rows: findings.map((finding) => ({ ...finding })),
    columns: ['check', 'status', 'fact', 'advice'],
    table: () => findingsText(findings),
  } satisfies Data
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const

export function statusText(status: Status): string {
  return colour(colours[status], status.padEnd(4))
}

export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const indent = ' '.repeat(width + 8)
  const room = Math.max(30, (tableWidth() ?? Infinity) - indent.length)
  const wrapped = (text: string, hang = '') =>
    text
      .split('\n')
      .flatMap((line) => wrap(line, room, hang))
      .join(`\n${indent}`)
  const lines = findings.map(
    ({ check, status, fact, advice }) =>
      `${statusText(status)}  ${check.padEnd(width)}  ` +
      `${wrapped(fact)}\n${advice === undefined ? '' : `${indent}${wrapped(`→ ${advice}`, '  ')}\n`}`,
  )
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length
  return `${lines.join('')}\n${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failing\n`
}
