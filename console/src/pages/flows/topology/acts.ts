import { useState } from 'react'
import { andFilter } from '../../../parts/filter-text.ts'
import { foldKey } from '../../../parts/graph/fold.ts'
import { conditionOf, groupCondition, scopeParts } from '../../../parts/graph/scope.ts'
import type { FlowViewProps } from '../views.ts'
import type { Scope } from './state.ts'
import type { ShownGraph } from './use-graph.ts'

export type GraphActs = ReturnType<typeof useGraphActs>

export function useGraphActs({ state, scope, shown, groups, layOutAgain }: ShownGraph, set: FlowViewProps['set']) {
  const { q, more, node: chosen, pins, folds } = state
  /** Expanded nodes, which "back" leaves. */
  const [steps, setSteps] = useState(0)
  const into = (change: Readonly<{ q: string; scope?: Scope }>) => {
    setSteps((before) => before + 1)
    set({ ...change, node: '', pins: {}, eye: undefined })
  }
  const fold = (group: string) => {
    if (folds.includes(group)) set({ folds: folds.filter((fold) => fold !== group), node: '' }, 'replace')
    else if (groups.includes(group)) set({ folds: [...folds, group], node: foldKey(group) }, 'replace')
  }
  return {
    steps,
    fold,
    choose: (key: string) => {
      if (key !== chosen) set({ node: key }, 'replace')
    },
    pin: (key: string, point: readonly [number, number] | null) => {
      const { [key]: _before, ...others } = pins
      set(
        { pins: point === null ? others : { ...others, [key]: [Math.round(point[0]), Math.round(point[1])] } },
        'replace',
      )
    },
    step: (index: number) => {
      const cells = shown?.nodes[index]?.cells
      const group = shown?.nodes[index]?.group ?? ''
      if (cells !== undefined) into({ q: andFilter(q, conditionOf(scope, cells)), scope: scopeParts[scope].finer })
      else if (folds.includes(group)) fold(group)
      else if (!more) set({ more: true })
    },
    back: () => {
      setSteps(steps - 1)
      history.back()
    },
    showFlowsOf: (index: number) => {
      const cells = shown?.nodes[index]?.cells
      if (cells !== undefined) set({ view: 'table', live: false, q: andFilter(q, conditionOf(scope, cells)) })
    },
    /** Shows only the group of a node; undefined: no node of the group has cells. */
    onlyGroupOf: (index: number) => {
      const group = shown?.nodes[index]?.group
      const cells = shown?.nodes.find((node) => node.group === group && node.cells !== undefined)?.cells
      const condition = cells === undefined ? undefined : groupCondition(scope, cells)
      return condition === undefined ? undefined : () => into({ q: andFilter(q, condition) })
    },
    relayout: () => {
      layOutAgain()
      set({ pins: {}, eye: undefined }, 'replace')
    },
  }
}
