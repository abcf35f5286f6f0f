import { element } from './dom.js'
import { count, duration } from './format.js'

/** @param {Record<string, number>} reasons */
const total = (reasons) => Object.values(reasons).reduce((sum, rows) => sum + rows, 0)

/**
 * The ledger in one line, on every page. Green only when every row that was accepted is accounted for.
 * @param {HTMLElement} footer @param {any} ledger @param {any} pipeline
 */
export function drawFooter(footer, ledger, pipeline) {
  const accepted = sum(ledger.sources, (source) => source.accepted)
  const shed = sum(ledger.sources, (source) => total(source.shed))
  const unreadable = sum(ledger.sources, (source) => source.unreadable)
  const letters = sum(ledger.sinks, (sink) => sink.dead_lettered)
  const dropped = sum(ledger.sinks, (sink) => total(sink.dropped))
  const lags = pipeline.sinks.map((/** @type {any} */ sink) => sink.lagMs)
  const store = ledger.sinks.find((/** @type {any} */ sink) => sink.name === 'store') ?? ledger.sinks[0]
  const what = store === undefined ? `accepted ${count(accepted)}, no sink yet` : equation(store, ledger.sources)
  const tone = ledger.balanced ? (unreadable === 0 ? 'good' : 'warning') : 'bad'
  footer.replaceChildren(
    element('span', { class: `sum ${tone}`, title: 'For every sink: accepted of its sources = filtered + routed, and routed = delivered + dead letters + dropped + quarantined + pending' }, ledger.balanced ? what : `${what.replace('=', '≠')} · does not balance`),
    part('shed', shed, 'warning'),
    part('dead letters', letters, 'bad'),
    ...(dropped > 0 ? [part('dropped', dropped, 'warning')] : []),
    ...(unreadable > 0 ? [part('unreadable', unreadable, 'bad')] : []),
    element('span', { class: 'end', title: 'Of the sink that is furthest behind' }, `lag ${lags.length === 0 ? '–' : duration(Math.max(...lags))}`))
}

/**
 * Where the rows of a sink's sources are, as a sum. @param {any} sink @param {any[]} sources
 */
function equation(sink, sources) {
  const accepted = sum(sources.filter((source) => sink.from.includes(source.name)), (source) => source.accepted)
  const rest = Object.entries({ filtered: total(sink.filtered), pending: sink.pending, 'dead letters': sink.dead_lettered, dropped: total(sink.dropped), quarantined: sink.quarantined })
  return [`accepted ${count(accepted)} = delivered ${count(sink.delivered)}`, ...rest.filter(([, rows]) => rows > 0).map(([name, rows]) => `${count(rows)} ${name}`)].join(' + ')
}

/** @param {HTMLElement} footer @param {string} why */
export function drawFooterUnknown(footer, why) {
  footer.replaceChildren(element('span', { class: 'sum dim' }, `ledger unknown: ${why}`))
}

/** @param {string} name @param {number} value @param {string} tone */
function part(name, value, tone) {
  return element('span', { class: value > 0 ? tone || undefined : undefined }, `${name} ${count(value)}`)
}

/** @param {any[]} of @param {(item: any) => number} pick */
function sum(of, pick) {
  return of.reduce((before, item) => before + pick(item), 0)
}
