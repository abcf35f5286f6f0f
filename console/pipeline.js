import { element } from './dom.js'
import { count, counted, duration, perSecond, size } from './format.js'

/** @param {Record<string, number>} reasons */
const total = (reasons) => Object.values(reasons).reduce((sum, rows) => sum + rows, 0)

/** @param {Record<string, number>} reasons */
const named = (reasons) => Object.entries(reasons).map(([reason, rows]) => `${reason} ${count(rows)}`).join(', ')

/** A line of a list; zeros that say nothing are shown on the pipeline's own page only.
 * @param {string} name @param {number} value @param {{ always?: boolean, className?: string, detail?: string }} [how] */
function line(name, value, { always = false, className = '', detail = '' } = {}) {
  const classes = value === 0 && !always ? 'zero' : ''
  return [
    element('dt', { class: classes || undefined }, name),
    element('dd', { class: [classes, value > 0 ? className : ''].join(' ').trim() || undefined, title: detail || undefined }, detail === '' ? count(value) : `${detail}`),
  ]
}

const marks = { running: ['●', 'good'], retrying: ['▲', 'warning'], blocked: ['■', 'bad'], stopped: ['■', 'dim'] }

/**
 * Does a sink's sum come out? The same rule as the ledger's.
 * @param {any} sink @param {Map<string, number>} accepted
 */
export function sinkBalances(sink, accepted) {
  const from = sink.from.reduce((/** @type {number} */ sum, /** @type {string} */ name) => sum + (accepted.get(name) ?? 0), 0)
  const settled = sink.delivered + sink.dead_lettered + total(sink.dropped) + sink.quarantined + sink.pending
  return from === total(sink.filtered) + sink.routed && sink.routed === settled
}

/**
 * @param {HTMLElement} section
 * @param {any} pipeline @param {any} ledger
 */
export function drawPipeline(section, pipeline, ledger) {
  const bySource = new Map(ledger.sources.map((/** @type {any} */ source) => [source.name, source]))
  const bySink = new Map(ledger.sinks.map((/** @type {any} */ sink) => [sink.name, sink]))
  const accepted = new Map(ledger.sources.map((/** @type {any} */ source) => [source.name, source.accepted]))
  // The ledger may know sinks that the pipeline does not run itself, and sinks that were removed.
  const unlisted = ledger.sinks.filter((/** @type {any} */ sink) => !pipeline.sinks.some((/** @type {any} */ known) => known.name === sink.name))
  section.replaceChildren(
    element('div', { class: 'head' }, element('h2', { id: 'pipeline-title' }, 'Pipeline'), element('span', { class: 'dim' }, `journal ${size(pipeline.journal.bytes)}, ${counted(pipeline.journal.segments, 'segment')}`)),
    element('h3', {}, `Sources`),
    element('div', { class: 'parts' }, ...pipeline.sources.map((/** @type {any} */ source) => sourcePart(source, bySource.get(source.name)))),
    element('h3', {}, `Sinks`),
    element('div', { class: 'parts' }, ...[...unlisted, ...pipeline.sinks].map((/** @type {any} */ sink) => sinkPart(sink, bySink.get(sink.name), accepted))),
  )
}

/** @param {any} source @param {any} sums */
function sourcePart(source, sums) {
  return element('div', { class: 'part' },
    element('div', { class: 'name' }, element('b', {}, source.name), element('span', { class: 'dim' }, `${source.type} · ${perSecond(source.rate)}`)),
    source.addresses.length === 0 ? undefined : element('div', { class: 'addresses' }, source.addresses.join('  ')),
    source.error === undefined ? undefined : element('div', { class: 'bad' }, source.error),
    sums === undefined ? undefined : element('dl', {},
      ...line('accepted', sums.accepted, { always: true }),
      ...line('duplicates', sums.duplicates),
      ...line('shed', total(sums.shed), { className: 'warning', detail: named(sums.shed) }),
      ...line('unreadable', sums.unreadable, { className: 'bad' })))
}

/** @param {any} sink @param {any} sums @param {Map<string, number>} accepted */
function sinkPart(sink, sums, accepted) {
  const [mark, tone] = marks[/** @type {keyof typeof marks} */ (sink.state)] ?? ['○', 'dim']
  const state = sink.state === undefined ? [] : [element('span', { class: tone }, `${mark} ${sink.state}`), element('span', { class: 'dim' }, ` · lag ${duration(sink.lagMs)}`)]
  return element('div', { class: 'part' },
    element('div', { class: 'name' },
      element('b', {}, sink.name),
      element('span', {}, ...state)),
    element('div', { class: 'dim' }, `${sink.type === undefined ? '' : `${sink.type} · `}from ${sink.from.length === 0 ? 'every source' : sink.from.join(', ')}`),
    sink.error === undefined ? undefined : element('div', { class: 'bad' }, sink.error),
    sums === undefined ? undefined : element('dl', {},
      ...line('filtered', total(sums.filtered), { detail: named(sums.filtered) }),
      ...line('routed', sums.routed, { always: true }),
      ...line('delivered', sums.delivered, { always: true }),
      ...line('pending', sums.pending, { always: true }),
      ...line('dead letters', sums.dead_lettered, { className: 'bad' }),
      ...line('dropped', total(sums.dropped), { className: 'warning', detail: named(sums.dropped) }),
      ...line('quarantined', sums.quarantined, { className: 'bad' }),
      ...(sinkBalances(sums, accepted) ? [] : [element('dt', { class: 'bad' }, 'does not balance'), element('dd', { class: 'bad' }, '≠')])))
}
