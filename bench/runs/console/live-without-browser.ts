// The live table's model in this process, without a page.
import { setTimeout as sleep } from 'node:timers/promises'
import { LiveEngine } from '../../../console/src/live/engine.ts'
import { RowsModel } from '../../../console/src/live/rows-model.ts'
import type { AcceptanceContext } from '../../harness.ts'
import { FlowSender } from '../../../test/kit/flow-sender.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'

export async function liveWithoutBrowser(context: AcceptanceContext): Promise<void> {
  await using weir = await startWeir({ folder: context.folder })
  const engine = new LiveEngine(weir.url)
  const model = new RowsModel(0, () => {})
  try {
    engine.join((message) => {
      if (message.is === 'rows') model.take(message.rows)
      else if (message.is === 'stat') model.stat(message.stat)
    })({
      is: 'views',
      views: [{ id: 'all', kind: 'rows', q: { stream: 'flows' }, columns: ['_pos', 'src_addr', 'dst_addr', 'bytes'] }],
    })
    while (!model.now.begun) await sleep(20)
    const sender = new FlowSender({ port: weir.ports.netflow, rate: 5000 })
    await sender.start()
    await sleep(3000)
    await sender.close()
    for (const until = performance.now() + 20_000; performance.now() < until && model.now.matched !== sender.sent;)
      await sleep(50)
    const { matched, arrived, passed, lost } = model.now
    context.figure('flows sent', sender.sent)
    context.expect(
      matched === sender.sent && arrived + passed === sender.sent && lost === 0,
      `shown (${arrived}) and passed (${passed}) add up to the rows sent (${sender.sent})`,
    )
  } finally {
    engine.stop()
  }
}
