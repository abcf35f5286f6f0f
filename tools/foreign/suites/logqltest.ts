import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { verdictOf } from '../logqltest/cases.ts'
import { engineTables } from '../logqltest/engine-tables.ts'
import { filterTables } from '../logqltest/filter-tables.ts'
import { stageTables, type Table } from '../logqltest/stage-tables.ts'
import { hasTest } from '../logqltest/go-tables.ts'
import { scriptOutcomes } from '../logqltest/scripts.ts'
import { syntaxTables } from '../logqltest/syntax-tables.ts'
import type { Suite } from '../suite.ts'

const tables: readonly Table[] = [...stageTables, ...filterTables, ...syntaxTables, ...engineTables]

/** Base folder of the module, of its packages, or of LogQL. */
async function baseOf(folder: string): Promise<string | undefined> {
  for (const inner of ['', 'logql', 'pkg/logql']) {
    const base = join(folder, inner)
    const stats = await stat(join(base, 'engine_test.go')).catch(() => undefined)
    if (stats !== undefined) return base
  }
  return undefined
}

const scripts = 'internal/logqltest/testdata'

export const suite: Suite = {
  summary: "Loki's tests of LogQL, in scripts and Go. Right: labels without details of errors, lines, samples, syntax",
  source: 'folder pkg/logql of the Go module github.com/grafana/loki/v3 (go mod download -json)',
  async *outcomes(folder) {
    const base = await baseOf(folder)
    yield* scriptOutcomes(base === undefined ? folder : join(base, scripts))
    if (base === undefined) return
    for (const { file, test, cases } of tables) {
      const source = await readFile(join(base, file), 'utf8')
      // Later versions have scripts instead of some tables.
      if (!hasTest(source, test)) continue
      for (const one of cases(source, test)) yield { name: `${test} ${one.name}`, ...(await verdictOf(one)) }
    }
  },
}
