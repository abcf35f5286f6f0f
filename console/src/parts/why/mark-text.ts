import type { TrafficMark } from '../../../../src/api/published.ts'
import type { ChartMark } from '../chart.tsx'
import { generalText } from '../../text/general.ts'
import { whyText } from './text.ts'

export function nameOf({ namespace, name }: Pick<TrafficMark, 'namespace' | 'name'>): string {
  return namespace === null ? name : `${namespace}/${name}`
}

export function operationText({ is, operation }: Pick<TrafficMark, 'is' | 'operation'>): string {
  return is === 'rollout' ? whyText.rolledOut : operation
}

const maxValue = 40

function valueText(value: unknown) {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > maxValue ? `…${text.slice(-maxValue)}` : text
}

export type DiffLine = Readonly<{ path: string; old: string | undefined; new: string | undefined }>

/** Lines of a diff with the last three keys of each path. */
export function diffLines({ diff }: Pick<TrafficMark, 'diff'>): readonly DiffLine[] {
  return diff.map((step) => ({
    path: step.path.split('/').slice(-3).join('/').replaceAll('~1', '/').replaceAll('~0', '~'),
    old: 'old' in step && step.old !== undefined ? valueText(step.old) : undefined,
    new: step.op === 'add' || step.op === 'replace' ? valueText(step.value) : undefined,
  }))
}

export function chartMarkOf(mark: TrafficMark): ChartMark {
  const { is, time, kind, actor, pos } = mark
  const [first] = diffLines(mark)
  const diff =
    first === undefined
      ? ''
      : `: ${first.path}${first.old === undefined ? '' : ` ${first.old}`} → ${first.new ?? '–'}` +
        (mark.diff.length > 1 ? `, ${whyText.moreFields(String(mark.diff.length - 1))}` : '')
  return {
    is: is === 'resource' ? 'change' : is,
    at: Date.parse(time) / 1000,
    text: `${kind} ${nameOf(mark)} ${operationText(mark)}${actor === null ? '' : generalText.byActor(actor)}${diff}`,
    // A cloud resource has a page instead of a drawer.
    ...(is === 'resource' ? {} : { pos }),
  }
}
