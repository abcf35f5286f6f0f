// Readability rules that axe does not cover.
import type { Page } from 'playwright-core'

/** Source text, because this file has the types of Node only. */
const tools = `
  const name = (e) => (e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + (typeof e.className === 'string' &&
    e.className ? '.' + e.className.trim().split(/\\s+/).join('.') :
      '') + ' "' + (e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 40) + '"')
  const visible = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
    e.getClientRects().length > 0 && e.closest('.spoken, .skip, [hidden]') === null
  const scrolls = (e, axis) => { for (let up = e.parentElement; up !== null; up = up.parentElement) {
    const s = getComputedStyle(up); if (/auto|scroll/.test(axis === 'x' ? s.overflowX :
      s.overflowY)) return true } return false }
  const dialog = document.querySelector('dialog[open]')
  const root = dialog ?? document.body
`

export function outside(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => { ${tools}
    const found = []
    if (document.documentElement.scrollWidth > innerWidth) found.push(
      'the page is ' + document.documentElement.scrollWidth + ' px wide')
    for (const e of root.querySelectorAll('button, a, input, select, textarea, summary, h1, h2, h3, p, li, dt, dd')) {
      if (!visible(e)) continue
      const { left, right, width } = e.getBoundingClientRect()
      if (width > 0 && (left < -1 || right > innerWidth + 1) && !scrolls(e, 'x')) found.push('outside: ' + name(e))
    }
    return [...new Set(found)].slice(0, 8)
  })()`)
}

export function hidden(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => { ${tools}
    const found = []
    for (const e of root.querySelectorAll('button, a, h1, h2, h3, label, dt, dd, p, summary')) {
      if (!visible(e) || e.closest('.grid, .picture, svg, .graph-place, .strip-panel') !== null) continue
      const s = getComputedStyle(e)
      const cut = /hidden|clip/.test(s.overflowX) && e.scrollWidth > e.clientWidth + 1 && s.textOverflow !== 'ellipsis'
      if (cut) found.push('cut off: ' + name(e))
    }
    for (const e of root.querySelectorAll('button, a, input, select, textarea, summary')) {
      if (!visible(e) || e.closest('.grid, .graph-place, svg') !== null ||
        e.matches('.strip-open, [tabindex="-1"]')) continue
      const r = e.getBoundingClientRect()
      const [x, y] = [r.left + r.width / 2, r.top + r.height / 2]
      if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight || r.width === 0) continue
      const top = document.elementFromPoint(x, y)
      if (top === null || e.contains(top) || top.contains(e) || top.closest('label')?.contains(e) === true ||
        (e.labels !== undefined && [...(e.labels ?? [])].some((label) => label.contains(top)))) continue
      // The conditions of a filter show its text; they give way when it is edited.
      if (top.closest('.conditions') !== null && top.closest('.filter') === e.closest('.filter')) continue
      // Scrolled away in its own place, which can be scrolled back.
      let up = e.parentElement, away = false
      for (; up !== null && !away; up = up.parentElement) {
        const s = getComputedStyle(up), box = up.getBoundingClientRect()
        if (/auto|scroll|hidden/.test(s.overflowY + s.overflowX) && (y > box.bottom - 1 || y < box.top + 1 ||
          x > box.right - 1 || x < box.left + 1)) away = true
      }
      if (!away && e.closest('.popover-panel') === null &&
        top.closest('.popover-panel, .filter-list, .chart-read') === null)
      found.push('under ' + name(top) + ': ' + name(e))
    }
    return [...new Set(found)].slice(0, 8)
  })()`)
}

/** In forced colours: selections without a visible state, missing marks, empty drawings. */
export function chokes(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => { ${tools}
    const found = []
    const look = (e) => { const s = getComputedStyle(e); return [s.backgroundColor, s.color, s.borderColor,
      s.borderWidth, s.outlineStyle, s.outlineColor, s.fontWeight, s.textDecorationLine].join(' ') }
    for (const [chosen, not] of [['[aria-selected="true"]', '[aria-selected="false"]'], ['[aria-pressed="true"]',
      '[aria-pressed="false"]']]) {
      for (const e of root.querySelectorAll(chosen)) {
        const other = e.parentElement?.querySelector(':scope > ' + not)
        if (other && visible(e) && visible(other) && e !== document.activeElement &&
          other !== document.activeElement &&
            look(e) === look(other)) found.push('chosen, and looks like the others: ' + name(e))
      }
    }
    const here = root.querySelector('.nav-group a[aria-current]'),
      there = root.querySelector('.nav-group a:not([aria-current])')
    if (here && there && look(here) === look(there)) found.push('the page that one is at looks like the others')
    for (const e of root.querySelectorAll('.legend i, .swatch, .parts-bar i')) {
      if (!visible(e)) continue
      const own = getComputedStyle(e)
      if (own.backgroundColor === getComputedStyle(document.body).backgroundColor &&
        own.borderTopStyle === 'none') found.push('a mark without a colour: ' + name(e.parentElement))
    }
    for (const e of root.querySelectorAll('button, input, select, textarea')) {
      const others = '[role="tab"], .link-like, .grid *, .strip-open, .share-name, .schema *, .past *, .links *, ' +
        '[type="checkbox"]'
    if (!visible(e) || e.matches(others)) continue
      const s = getComputedStyle(e)
      // The edge may be that of the frame around it.
      if (getComputedStyle(e.parentElement).borderTopStyle !== 'none') continue
      if (s.borderTopStyle === 'none' && s.outlineStyle === 'none' &&
        s.backgroundColor === 'rgba(0, 0, 0, 0)') found.push('no edge: ' + name(e))
    }
    return [...new Set(found)].slice(0, 8)
  })()`)
}

/** Texts of another size than the three of base.css. */
export function sizes(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => { ${tools}
    const style = getComputedStyle(document.documentElement)
    const known = ['--small', '--text', '--title'].map((size) => style.getPropertyValue(size).trim())
    const found = new Map()
    for (const e of root.querySelectorAll('*')) {
      if (![...e.childNodes].some((one) => one.nodeType === 3 && one.data.trim() !== '') || !visible(e)) continue
      const { fontSize } = getComputedStyle(e)
      if (!known.includes(fontSize) && fontSize !== '0px' && !found.has(fontSize))
        found.set(fontSize, fontSize + ': ' + name(e))
    }
    return [...found.values()]
  })()`)
}
