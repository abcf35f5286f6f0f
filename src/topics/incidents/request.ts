import { Refusal } from '../refusal.ts'
import { moment, span } from '../time-span.ts'
import { incidentLimits, type IncidentRequest, type StoredIncident } from './schema.ts'

export type Contents = Omit<StoredIncident, 'id' | 'version' | 'created' | 'created_by' | 'changed' | 'by'>

const maxPaths = 20
const relativeTime = /[?&]t=[^&]*now/

/** With every field and fixed times. Throws WEIR_API_INVALID. */
export function normalOf(request: IncidentRequest, now: number): Contents {
  const { title, state = 'open', question = {}, onset = null, verdict = null, notes = '' } = request
  const { namespaces = [], candidates = [], pins = [] } = request
  limit(namespaces, 'namespaces')
  limit(candidates, 'candidates')
  limit(pins, 'pins')
  const range = span(request, now)
  if (candidates.filter(({ selected }) => selected).length > 1)
    throw new Refusal('WEIR_API_INVALID', 'Several candidates are selected; an incident has one cause.')
  if (candidates.some(({ paths }) => paths.length > maxPaths))
    throw new Refusal('WEIR_API_INVALID', `A candidate has at most ${maxPaths} paths.`)
  const moving = pins.find(({ path }) => relativeTime.test(path))
  if (moving !== undefined)
    throw new Refusal('WEIR_API_INVALID', `The pin "${moving.title}" has a relative time, so that its rows change.`, [
      'Write t=2026-11-20T14:00:00Z..2026-11-20T14:10:00Z into its path.',
    ])
  return {
    title: title.trim(),
    state,
    namespaces: [...new Set(namespaces)].toSorted(),
    from: isoOf(range.from),
    to: isoOf(range.to),
    question: question.at === undefined ? question : { ...question, at: fixed(question.at, 'question.at', now) },
    onset: onset === null ? null : fixed(onset, 'onset', now),
    verdict,
    candidates: candidates.map((candidate) => ({
      ...candidate,
      time: fixed(candidate.time, 'candidates.time', now),
    })),
    pins: pins.map((pin) => ({ ...pin, time: pin.time === null ? null : fixed(pin.time, 'pins.time', now) })),
    notes,
  }
}

function limit(list: readonly unknown[], name: 'namespaces' | 'candidates' | 'pins') {
  const most = incidentLimits[name]
  if (list.length > most)
    throw new Refusal('WEIR_API_INVALID', `"${name}" has ${list.length} items; the limit is ${most}.`)
}

function fixed(written: string, name: string, now: number) {
  return isoOf(moment(written, name, now))
}

/** In ms, as addresses of the console have it. */
function isoOf(us: bigint): string {
  return new Date(Number(us / 1000n)).toISOString()
}
