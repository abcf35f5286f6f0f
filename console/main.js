import { eventColumns, eventFields, flowColumns, flowFields } from './columns.js'
import { element, find, setText } from './dom.js'
import { drawFooter, drawFooterUnknown } from './footer.js'
import { count, counted, perSecond, time } from './format.js'
import { LiveTable } from './live-table.js'
import { Live } from './live.js'
import { drawPipeline } from './pipeline.js'
import { ask, forgetToken, Refused, useToken } from './session.js'

const titles = { home: 'Home', flows: 'Flows', events: 'Events', pipeline: 'Pipeline' }
const pause = /** @type {HTMLButtonElement} */ (find('#pause'))
const jump = /** @type {HTMLButtonElement} */ (find('#jump'))
const banner = find('#banner')
const login = /** @type {HTMLFormElement} */ (find('#login'))
let paused = false
/** @type {any} */
let pipeline

const tables = {
  flows: new LiveTable(find('[data-section="flows"]'), { id: 'flows', title: 'Newest flows', columns: flowColumns, empty: emptyFlows }),
  events: new LiveTable(find('[data-section="events"]'), { id: 'events', title: 'Newest events', columns: eventColumns, empty: emptyEvents }),
}

function emptyFlows() {
  /** @type {string[]} */
  const ports = (pipeline?.sources ?? []).filter((/** @type {any} */ source) => /netflow|ipfix|sflow/.test(source.type)).flatMap((/** @type {any} */ source) => source.addresses)
  return element('div', {},
    element('h3', {}, 'No flows yet'),
    element('p', { class: 'dim' }, ports.length === 0
      ? 'No source listens for flows. Start Weir with --netflow 0.0.0.0:2055, then point an exporter at it.'
      : 'Weir listens. Point an exporter (router, switch, softflowd) at one of:'),
    ports.length === 0 ? undefined : element('pre', {}, ports.join('\n')),
    element('p', { class: 'dim' }, 'From this machine, for a try:'),
    element('pre', {}, `softflowd -i any -v 5 -t maxlife=10 -n 127.0.0.1:${/:(\d+)$/.exec(ports[0] ?? '')?.[1] ?? '2055'}`))
}

function emptyEvents() {
  return element('div', {},
    element('h3', {}, 'No events yet'),
    element('p', { class: 'dim' }, 'Anything that speaks CloudEvents over HTTP can post here. Try it:'),
    element('pre', {}, `curl ${location.origin}/events -H 'content-type: application/cloudevents+json' \\\n  -d '{"specversion":"1.0","id":"1","source":"/me","type":"hello","data":{"say":"hi"}}'`))
}

function showPage() {
  const page = /** @type {keyof typeof titles} */ (location.hash.replace('#/', '') in titles ? location.hash.replace('#/', '') : 'home')
  document.body.dataset['page'] = page
  document.title = `${titles[page]} · Weir`
  setText(find('#title'), titles[page])
  for (const link of document.querySelectorAll('[data-page-link]')) {
    if (link.getAttribute('data-page-link') === page) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
}

/** @param {string} text */
function showBanner(text) {
  banner.hidden = text === ''
  setText(banner, text)
}

/** @param {unknown} error */
function report(error) {
  showBanner(error instanceof Error ? error.message : String(error))
}

/** @type {Record<string, number>} */
const matchedBefore = {}
let spokenAt = 0
/** When the server was last heard of. */
let heard = ''

const live = new Live(
  [
    { id: 'flows', kind: 'rows', q: { stream: 'flows' }, columns: flowFields },
    { id: 'events', kind: 'rows', q: { stream: 'events' }, columns: eventFields },
  ],
  {
    rows(message) {
      tables[/** @type {'flows' | 'events'} */ (message.view)]?.take(message)
    },
    gap(gap) {
      tables[/** @type {'flows' | 'events'} */ (gap.view)]?.gap(gap)
    },
    stat(stat) {
      heard = new Date().toISOString()
      for (const [id, table] of Object.entries(tables)) {
        const view = stat.views[id]
        if (view === undefined) continue
        const rate = Math.max(0, view.matched - (matchedBefore[id] ?? view.matched))
        matchedBefore[id] = view.matched
        table.say({ rate, matched: view.matched, shown: view.shown, paused: stat.paused })
        setText(find(`[data-rate="${id}"]`), rate > 0 ? perSecond(rate) : '')
      }
      if (paused) setText(pause, `Resume (${count(stat.new)} new)`)
      speak(stat)
    },
    link({ state, detail, retryMs, status }) {
      const words = { connecting: 'connecting', live: paused ? 'paused' : 'live', waiting: 'reconnecting', refused: 'not allowed' }
      const link = find('#link')
      setText(link, words[state])
      link.className = `link ${{ connecting: 'dim', live: 'good', waiting: 'warning', refused: 'bad' }[state]}`
      pause.disabled = state !== 'live'
      if (state === 'live') showBanner('')
      if (state === 'waiting') showBanner(`${detail} Trying again in ${Math.ceil((retryMs ?? 0) / 1000)} s. What is shown is as of ${heard === '' ? 'never' : time(heard)}.`)
      if (status === 401) askForToken(detail ?? '')
    },
  },
)

/** A summary for screen readers, at most every ten seconds. @param {import('./live.js').Stat} stat */
function speak(stat) {
  if (performance.now() - spokenAt < 10_000 || stat.rate === 0) return
  spokenAt = performance.now()
  setText(find('#spoken'), `${perSecond(stat.rate)} rows, ${count(stat.matched)} since this page was opened`)
}

/** @param {string} why */
function askForToken(why) {
  forgetToken()
  showBanner(why)
  login.hidden = false
  document.body.classList.add('needs-token')
  find('#token').focus()
}

/** @param {boolean} to @param {'catch-up' | 'now'} how */
async function setPaused(to, how) {
  paused = to
  pause.setAttribute('aria-pressed', String(to))
  setText(pause, to ? 'Resume (0 new)' : 'Pause')
  jump.hidden = !to
  setText(find('#link'), to ? 'paused' : 'live')
  find('#link').className = `link ${to ? 'dim' : 'good'}`
  if (!to) for (const table of Object.values(tables)) table.forgetGap()
  try {
    await live.pause(to, how)
  } catch (error) {
    report(error)
  }
}

async function refresh() {
  try {
    const [newPipeline, ledger] = await Promise.all(['/api/v1/pipeline', '/api/v1/ledger'].map(async (path) => (await ask(path)).json()))
    const first = pipeline === undefined
    pipeline = newPipeline
    if (first) for (const table of Object.values(tables)) table.showEmpty()
    const section = find('[data-section="pipeline"]')
    if (!section.matches(':hover') || first) drawPipeline(section, pipeline, ledger)
    drawFooter(find('#ledger'), ledger, pipeline)
    const gone = ledger.sources.filter((/** @type {any} */ source) => source.unreadable > 0).length
    setText(find('#truth'), `${counted(pipeline.sources.length, 'source')} · ${counted(new Set([...ledger.sinks, ...pipeline.sinks].map((sink) => sink.name)).size, 'sink')} · newest rows of what passes, nothing sampled on the way to the store${gone > 0 ? ' · some rows on disk are unreadable' : ''}`)
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return
    drawFooterUnknown(find('#ledger'), error instanceof Refused ? error.message : 'the server does not answer')
  }
}

pause.addEventListener('click', () => { setPaused(!paused, 'catch-up').catch(report) })
jump.addEventListener('click', () => { setPaused(false, 'now').catch(report) })
addEventListener('hashchange', showPage)
addEventListener('online', () => live.retry())
login.addEventListener('submit', (event) => {
  event.preventDefault()
  const field = /** @type {HTMLInputElement} */ (find('#token'))
  useToken(field.value.trim())
  field.value = ''
  login.hidden = true
  document.body.classList.remove('needs-token')
  showBanner('')
  live.retry()
  refresh().catch(report)
})
find('.skip').addEventListener('click', (event) => {
  // The address names the page, so the place in it cannot.
  event.preventDefault()
  find('#content').focus()
})

showPage()
live.run().catch(report)
refresh().catch(report)
setInterval(() => { if (!document.hidden) refresh().catch(report) }, 2000)
