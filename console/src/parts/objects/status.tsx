import type { ResourceState } from '../../api/objects.ts'
import { count } from '../format.ts'

type Condition = Readonly<{ type: string; status: string }>
type Tone = 'good' | 'warning' | 'bad'

/** Conditions that are healthy while they are false. */
const isTrouble =
  /Pressure|Failure|Unavailable|Stuck|Disruption|Failed|Limited|Suspended|Remaining|Degraded|Stalled|Deadlock|Readonly|Frequent|Corrupt/

export const isWell = ({ type, status }: Condition): boolean =>
  (status === 'True') !== isTrouble.test(type) && status !== 'Unknown'

const good = /^(?:Running|Ready|Active|Bound|Available|Complete|Completed|Succeeded)$/
const underWay =
  /^(?:Pending|ContainerCreating|PodInitializing|Terminating|Suspended|SchedulingGated|Released|Init:\d.*|Ready,.*)$/

export function toneOf(status: string): Tone {
  return good.test(status) ? 'good' : underWay.test(status) ? 'warning' : 'bad'
}

const marks: Readonly<Record<Tone, string>> = { good: '● ', warning: '▲ ', bad: '◆ ' }

function Toned({ tone, children }: Readonly<{ tone: Tone; children: React.ReactNode }>) {
  return (
    <span className={tone}>
      <span aria-hidden="true">{marks[tone]}</span>
      {children}
    </span>
  )
}

type StatusProps = Readonly<{ of: Pick<ResourceState, 'status' | 'phase' | 'conditions'> }>

/** The status, and conditions that are not well; nothing if the kind has neither. */
export function StatusText({ of: { status, phase, conditions } }: StatusProps): React.ReactNode {
  const shown = status ?? phase
  // Ready, which is false of a finished pod too, is part of the status.
  const unwell =
    shown === null || toneOf(shown) !== 'bad'
      ? (conditions ?? []).filter((condition) => !isWell(condition) && !partOfStatus.test(condition.type))
      : []
  if (shown === null && unwell.length === 0) return null
  const reasons = unwell.map(({ type, status: holds, reason }) => [type, holds, reason].filter(Boolean).join(' '))
  return (
    <span title={[...(shown === null ? [] : [shown]), ...reasons].join('\n')}>
      {shown !== null && <Toned tone={toneOf(shown)}>{shown}</Toned>}
      {unwell.length > 0 && (
        <span className="beside">
          <Toned tone="warning">{unwell.map(({ type }) => type).join(', ')}</Toned>
        </span>
      )}
    </span>
  )
}

const partOfStatus = /^(?:Ready|ContainersReady|Initialized|PodScheduled|PodReadyToStartContainers|Progressing)$/

type ReadyProps = Readonly<{ of: Pick<ResourceState, 'ready' | 'desired' | 'status'> }>

/** `2/3`; nothing if the kind has no number. */
export function ReadyText({ of: { ready, desired, status } }: ReadyProps): React.ReactNode {
  if (desired === null) return null
  const text = `${ready === null ? '–' : count(ready)}/${count(desired)}`
  const isEnded = status === 'Completed' || status === 'Succeeded' || status === 'Complete'
  if (ready === null || isEnded || desired === 0) return <span className="dim">{text}</span>
  if (ready >= desired) return text
  return <Toned tone={ready === 0 ? 'bad' : 'warning'}>{text}</Toned>
}

const units = [
  ['y', 365 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const

/** The two largest units, as kubectl writes an age: `3d4h`, `12m`. `ms`: at least 0. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const at = units.findIndex(([, size]) => seconds >= size)
  const [unit, size] = units[at < 0 ? units.length - 1 : at] ?? units[4]
  const whole = Math.floor(seconds / size)
  const [finer, finerSize] = units[at + 1] ?? ['s', 1]
  const rest = Math.floor((seconds - whole * size) / finerSize)
  return `${whole}${unit}${at < 0 || size === 1 || rest === 0 || whole >= 10 ? '' : `${rest}${finer}`}`
}
