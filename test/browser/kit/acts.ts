import type { Locator, Page } from 'playwright-core'

export type Way = 'pointer' | 'keyboard'

const mostTabs = 250
const isFocused = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element === element.ownerDocument.activeElement)

/** Actions of a user, counted. By keyboard, Tab and arrow keys lead to the element: it fails if they do not. */
export class Acts {
  readonly page: Page
  readonly way: Way
  count = 0

  constructor(page: Page, way: Way) {
    this.page = page
    this.way = way
  }

  async click(target: Locator): Promise<void> {
    this.count++
    if (this.way === 'pointer') return target.click()
    await this.#focus(target)
    await this.page.keyboard.press('Enter')
  }

  /** With Enter. */
  async type(target: Locator, text: string): Promise<void> {
    this.count++
    if (this.way === 'pointer') await target.fill(text)
    else {
      await this.#focus(target)
      await this.page.keyboard.press('ControlOrMeta+A')
      await this.page.keyboard.type(text)
      // Enter would take a completion.
      if ((await target.getAttribute('aria-expanded')) === 'true') await this.page.keyboard.press('Escape')
    }
    await this.page.keyboard.press('Enter')
  }

  async select(target: Locator, option: string): Promise<void> {
    this.count++
    if (this.way === 'pointer') {
      await target.selectOption(option)
      return
    }
    await this.#focus(target)
    await this.page.keyboard.press('Home')
    for (let at = 0; (await target.inputValue()) !== option; at++) {
      if (at > mostTabs) throw new Error(`no key selects ${option}`)
      await this.page.keyboard.press('ArrowDown')
    }
  }

  /** In the navigation. */
  open(page: string): Promise<void> {
    return this.click(this.page.getByRole('navigation').getByRole('link', { name: page, exact: true }))
  }

  async #focus(target: Locator): Promise<void> {
    await target.waitFor()
    for (let tabs = 0; !(await isFocused(target)); tabs++) {
      if (tabs > mostTabs) throw new Error(`Tab does not reach ${target.toString()}`)
      if (await this.#isBesideFocus(target)) await this.page.keyboard.press('ArrowRight')
      else await this.page.keyboard.press('Tab')
    }
  }

  /** In a group of tabs, arrow keys move the focus. */
  #isBesideFocus(target: Locator): Promise<boolean> {
    return target.evaluate(
      (element) =>
        element.getAttribute('tabindex') === '-1' &&
        element.closest('[role="tablist"]')?.contains(element.ownerDocument.activeElement) === true,
    )
  }
}
