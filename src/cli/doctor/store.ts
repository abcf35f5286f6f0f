import { checkStore as verifyFiles } from '../../store/check.ts'
import { sizeText } from '../../model/size-text.ts'
import { fail, ok, reason, warn, type Finding, type CheckContext } from './finding.ts'

export async function checkSql({
  config: {
    store,
    sql: { memory, timeout },
  },
  machine,
  running,
}: CheckContext): Promise<Finding[]> {
  if (store.enabled !== 'parquet') return []
  const processes = running === undefined ? [] : await machine.children(running.pid)
  const now =
    running === undefined
      ? ''
      : `; ${processes.length} query processes now, ${sizeText(processes.reduce((sum, bytes) => sum + bytes, 0))}`
  return [ok('sql', `each statement has a separate process, ${sizeText(memory)} and ${timeout / 1000} s${now}`)]
}

const maxVerifiedBytes = 1 << 30

export async function checkStore({ host, config: { data, store } }: CheckContext): Promise<Finding[]> {
  if (store.enabled !== 'parquet') return []
  const directory = `${data}/store`
  try {
    const {
      state,
      generation,
      manifestDamaged,
      check: { files, unverified, damaged, lost },
    } = await verifyFiles({ host, directory, maxBytes: maxVerifiedBytes })
    if (generation === 0) return [ok('store', 'no manifest yet')]
    const bytes = [...state.files.values()].reduce((sum, file) => sum + file.bytes, 0)
    const fact = `${files} files, ${sizeText(bytes)}`
    if (manifestDamaged)
      return [
        warn('store', `${fact}; records of the manifest are damaged`, 'Weir starts and uses the rest; check the disk.'),
      ]
    if (damaged.length > 0) {
      const rows = damaged.reduce((sum, file) => sum + file.rows, 0)
      return [
        warn(
          'store',
          `${fact}; ${damaged.length} listed in the manifest are damaged or missing (${rows} rows), the ` +
            `first ${damaged[0]?.file}: ${damaged[0]?.reason}`,
          'Weir excludes them, counts their rows as quarantined and restores the rows that the journal still ' +
            'has. Check the disk; `weir store check` lists all.',
        ),
      ]
    }
    const gone = Object.values(lost).reduce((sum, rows) => sum + rows, 0)
    if (gone > 0)
      return [
        warn(
          'store',
          `${fact}; ${gone} rows of lost files are quarantined in the ledger`,
          'Weir restores the rows that the journal still has. Check the disk; damaged files are in ' +
            `${directory}/damaged.`,
        ),
      ]
    return [
      ok(
        'store',
        `${fact}, the manifest is ` +
          `intact${
            unverified === 0
              ? ' and every checksum is right'
              : `; ${unverified} files were not verified: \`weir store ` + `check\` reads all`
          }`,
      ),
    ]
  } catch (error) {
    return [
      fail(
        'store',
        `${directory} cannot be read: ${reason(error)}`,
        'Run this command as the owner of the data folder.',
      ),
    ]
  }
}
