import { element, setText } from './dom.js'
import { count, perSecond, time } from './format.js'

const kept = 200

/**
 * Newest rows on top. Rows push in only while nobody points at the table, works in it by keyboard, selects text or has
 * scrolled down; until then they wait and are counted.
 */
export class LiveTable {
  /** @type {{ node: HTMLElement, pos: string }[]} */
  #shown = []
  /** @type {{ cols: Map<string, number>, row: unknown[], fresh: boolean }[]} */
  #waiting = []
  #held = 0
  #hovered = false
  #gap = ''

  /**
   * @param {HTMLElement} section
   * @param {{ id: string, title: string, columns: import('./columns.js').Column[], empty: () => HTMLElement }} about
   */
  constructor(section, about) {
    this.about = about
    this.truth = element('span', { class: 'dim' })
    this.note = element('span', { class: 'warning' })
    this.body = element('tbody')
    const headings = about.columns.map((column) => element('th', { scope: 'col', class: this.#classOf(column), title: column.hint }, column.title))
    const table = element('table', {}, element('caption', { class: 'spoken' }, about.title), element('thead', {}, element('tr', {}, ...headings)), this.body)
    this.scroll = element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': `${about.id}-title` }, table)
    this.empty = element('div', { class: 'empty' })
    section.append(element('div', { class: 'head' }, element('h2', { id: `${about.id}-title` }, about.title), this.truth, this.note), this.empty, this.scroll)
    this.scroll.addEventListener('pointerenter', (event) => {
      // A finger does not hover; it scrolls, and that holds rows too.
      this.#hovered = event.pointerType === 'mouse'
    })
    this.scroll.addEventListener('pointerleave', () => {
      this.#hovered = false
      this.draw()
    })
    this.scroll.addEventListener('scroll', () => this.draw(), { passive: true })
    this.scroll.addEventListener('focusout', () => this.draw())
    this.showEmpty()
  }

  /** @param {import('./columns.js').Column} column */
  #classOf(column) {
    return [column.className ?? '', column.off === true ? 'off' : ''].join(' ').trim() || undefined
  }

  showEmpty() {
    this.empty.replaceChildren(this.about.empty())
    this.#toggle()
  }

  #toggle() {
    const nothing = this.#shown.length === 0 && this.#waiting.length === 0
    this.empty.hidden = !nothing
    this.scroll.hidden = nothing
  }

  /** @param {import('./live.js').Rows} message */
  take({ cols, rows, snapshot }) {
    const places = new Map(cols.map((name, index) => [name, index]))
    if (snapshot === true) {
      this.#shown = []
      this.#waiting = []
      this.body.replaceChildren()
    }
    for (const row of rows) this.#waiting.push({ cols: places, row, fresh: snapshot !== true })
    this.#held += rows.length
    if (this.#waiting.length > kept) this.#waiting.splice(0, this.#waiting.length - kept)
    this.draw()
  }

  /** @param {import('./live.js').Gap} gap */
  gap(gap) {
    const when = time(new Date().toISOString())
    this.#gap = {
      slow: `at ${when} this page was too slow: rows are missing here`,
      evicted: `before ${when} rows are missing here: they had left the live memory`,
      'unknown-position': `at ${when} the server began another journal`,
    }[gap.reason] ?? `at ${when} rows are missing here`
    this.draw()
  }

  #isHeld() {
    const selection = getSelection()
    const selecting = selection !== null && !selection.isCollapsed && this.scroll.contains(selection.anchorNode)
    return this.#hovered || this.scroll.scrollTop > 4 || selecting || this.scroll.contains(document.activeElement)
  }

  draw() {
    this.#toggle()
    if (this.#shown.length > 0 && this.#isHeld()) {
      setText(this.note, [this.#held > 0 ? `${count(this.#held)} new, held while you look` : '', this.#gap].filter(Boolean).join(' · '))
      return
    }
    setText(this.note, this.#gap)
    if (this.#waiting.length === 0) return
    const known = new Set(this.#shown.map((row) => row.pos))
    const fresh = this.#waiting.map((item) => this.#make(item)).filter((row) => !known.has(row.pos)).reverse()
    this.#waiting = []
    this.#held = 0
    this.body.prepend(...fresh.map((row) => row.node))
    this.#shown.unshift(...fresh)
    for (const { node } of this.#shown.splice(kept)) node.remove()
  }

  /** @param {{ cols: Map<string, number>, row: unknown[], fresh: boolean }} item */
  #make({ cols, row, fresh }) {
    /** @param {string} name */
    const read = (name) => {
      const at = cols.get(name)
      return at === undefined ? null : row[at]
    }
    const cells = this.about.columns.map((column) => element('td', { class: this.#classOf(column) }, column.cell(read)))
    return { node: element('tr', { class: fresh ? 'new' : undefined }, ...cells), pos: String(read('_pos')) }
  }

  /** What is true of this table now, in one line. @param {{ rate: number, matched: number, shown: number, paused: boolean }} now */
  say({ rate, matched, shown, paused }) {
    const left = matched - shown
    const sampled = left > 0 && !paused ? ` · ${count(left)} passed too fast to show` : ''
    setText(this.truth, matched === 0 && this.#shown.length === 0 ? 'none yet' : `${perSecond(rate)} · newest ${Math.min(kept, this.#shown.length)} shown${sampled}`)
  }

  forgetGap() {
    this.#gap = ''
  }
}
