import { recordFiles } from '../../engine/delivery/record-store.ts'
import { warn, type Finding, type CheckContext } from './finding.ts'

export async function checkOrphans({ host, config: { data } }: CheckContext): Promise<Finding[]> {
  const records = await recordFiles(host, `${data}/journal`)
    .all()
    .catch(() => [])
  return records.flatMap(({ sink, record: { orphaned } }) =>
    orphaned === undefined
      ? []
      : [
          warn(
            'orphaned sink',
            `${sink} is not configured since ${new Date(orphaned).toISOString()}, and rows are pending for ` +
              `it: they retain the journal, up to \`journal.max\``,
            `Configure it again with this name, or drop the rows: weir sink forget ${sink}. \`weir ledger\` ` +
              'shows their number.',
          ),
        ],
  )
}
