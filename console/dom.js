/**
 * Elements are made from text and attributes only: what others send can never become markup.
 */

/**
 * @param {string} tag
 * @param {Record<string, string | boolean | undefined>} [attributes]
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    made.setAttribute(name, value === true ? '' : value)
  }
  for (const child of children) if (child !== undefined) made.append(child)
  return made
}

/**
 * @template {HTMLElement} T
 * @param {string} selector
 * @returns {T}
 */
export function find(selector) {
  const found = document.querySelector(selector)
  if (found === null) throw new Error(`the page has no ${selector}`)
  return /** @type {T} */ (found)
}

/**
 * Sets text only when it differs, so that what is selected or read aloud is left alone.
 * @param {HTMLElement} on
 * @param {string} text
 */
export function setText(on, text) {
  if (on.textContent !== text) on.textContent = text
}
