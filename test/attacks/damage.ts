import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { AcceptanceRun, AcceptanceContext } from '../../bench/harness.ts'
import { atOnce } from '../kit/at-once.ts'
import { some } from '../kit/delivered.ts'
import { EventReceiver } from '../kit/event-receiver.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { prepareWeir } from '../kit/weir-process.ts'
import { configFor, makeBase, makeEvents, settled, storedIds, type Base } from './damage/base.ts'
import { clockJump } from './damage/clock.ts'
import { failedSync, fullDisk } from './damage/disk.ts'
import { fileDamages, type Damage } from './damage/files.ts'
import { readOnlyFolder, twoProcesses } from './damage/refusals.ts'

export default {
  name: 'damage',
  issue: '2.4',
  title:
    'After any damage Weir starts or prints the reason in one line. Readable rows are delivered, and the ' +
    'ledger counts the others.',
  async run(context) {
    const base = await makeBase(join(context.folder, 'base'))
    const cases = fileDamages(base.frames).map(
      (damage, index) => () => damaged(context, base, damage, join(context.folder, `case-${index}`)),
    )
    // Each has its own folder and mostly waits for starts. The longest first.
    const others = [failedSync, fullDisk, clockJump, twoProcesses, readOnlyFolder].map((act) => () => act(context))
    await atOnce([...others, ...cases], 4, (act) => act())
  },
} satisfies AcceptanceRun

interface Check {
  readonly unreadable: readonly { readonly segment: string; readonly bytes: number; readonly events: number | null }[]
}

/** One sentence per case with all its faults. */
async function damaged(context: AcceptanceContext, base: Base, damage: Damage, folder: string) {
  const problems: string[] = []
  const must = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }
  const data = join(folder, 'data')
  await cp(base.data, data, { recursive: true })
  await damage.act(join(data, 'journal'))

  const check = await weirCommand('journal', 'check', '--data', data, '-o', 'json')
  const found = JSON.parse(check.stdout === '' ? '{"unreadable":[]}' : check.stdout) as Check
  for (const segment of damage.named)
    must(
      found.unreadable.some((stretch) => stretch.segment === segment),
      `journal check does not name ${segment}: ${JSON.stringify(found.unreadable)}`,
    )
  if (damage.unreadable !== undefined) {
    const known = found.unreadable.reduce((sum, { events }) => sum + (events ?? 0), 0)
    must(
      known === damage.unreadable || damage.name.startsWith('the first'),
      `journal check counts ${known} rows, not ${damage.unreadable}`,
    )
  }

  await using receiver = await EventReceiver.start()
  await using weir = await prepareWeir({ folder, data, config: configFor(receiver.url) })
  try {
    await weir.start()
    await weir.events(makeEvents('after', 20))
    const ledger = await settled(weir)
    const lost = new Set(damage.lost)
    const expected = [
      ...base.ids.filter((id) => !lost.has(id)),
      ...Array.from({ length: 20 }, (_, i) => `after-${i}`),
    ].sort()
    const stored = (await storedIds(weir)).sort()
    must(
      stored.join() === expected.join(),
      `the store has ${stored.length} rows, not ${expected.length} (${some(difference(stored, expected))})`,
    )
    const delivered = [...new Set(receiver.received.map(({ id }) => id))].sort()
    must(
      delivered.join() === expected.join(),
      `the sink got ${delivered.length} events, not ${expected.length} (${some(difference(delivered, expected))})`,
    )
    must(ledger.balanced, `the ledger is not balanced: ${JSON.stringify(ledger)}`)
    const source = ledger.sources.find(({ name }) => name === 'http')
    if (damage.unreadable !== undefined) {
      must(
        source?.unreadable === damage.unreadable,
        `the ledger names ${source?.unreadable} unreadable rows, not ${damage.unreadable}`,
      )
      for (const sink of ledger.sinks)
        must(
          sink.quarantined === damage.unreadable,
          `${sink.name} has ${sink.quarantined} quarantined rows, not ${damage.unreadable}`,
        )
    }
    must((await weir.stop()).code === 0, 'it does not stop with 0')
    const verify = await weirCommand('ledger', '--verify', '-o', 'json', '--data', data)
    must(verify.code === 0, `ledger --verify ends with ${verify.code}: ${verify.output.slice(0, 600)}`)
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
  }
  context.expect(
    problems.length === 0,
    `${damage.name}: the rest flows and the books name it${problems.length === 0 ? '' : `: ${problems.join('; ')}`}`,
  )
}

function difference(left: readonly string[], right: readonly string[]): string[] {
  const [leftRows, rightRows] = [new Set(left), new Set(right)]
  return [
    ...left.filter((id) => !rightRows.has(id)).map((id) => `+${id}`),
    ...right.filter((id) => !leftRows.has(id)).map((id) => `-${id}`),
  ]
}
