import type { BatchTransform, TransformTools } from '../../engine/contracts.ts'
import { selectRows } from '../../model/select.ts'
import type { RouteConfig } from './config.ts'

export function outputsOf({ routes, else: rest }: RouteConfig): readonly string[] {
  return [...Object.keys(routes), ...(rest === null ? [] : [rest])]
}

export function routeStep(config: RouteConfig, tools: TransformTools): BatchTransform {
  const names = outputsOf(config)
  const filters = Object.values(config.routes).map((written) => tools.filter(written))
  return {
    take({ batch, rows, header }) {
      const tests = filters.map((filter) => filter(batch, header))
      const chosen = names.map(() => [] as number[])
      const filtered: number[] = []
      rows.forEach((row, index) => {
        let to = tests.findIndex((test) => test(row))
        if (to === -1) to = tests.length
        if (to < chosen.length) chosen[to]?.push(row)
        else filtered.push(index)
      })
      return {
        outputs: names.flatMap((name, index) => {
          const passed = Uint32Array.from(chosen[index] ?? [])
          return passed.length === 0 ? [] : [{ to: name, batch: selectRows(batch, passed), rows: passed }]
        }),
        failures:
          filtered.length === 0
            ? []
            : [{ index: filtered[0] ?? 0, is: 'filter', reason: 'filtered', rows: Uint32Array.from(filtered) }],
      }
    },
  }
}
