import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: a console that wants to know who asks', () => {
  const stage = useStage({ auth: { tokens: [{ name: 'ann', token: 'correct-horse-battery' }] } })

  test('shows a login before anything else, says when a token is not known, and goes on where one was', async () => {
    const page = await stage.page('/pipeline')
    const field = page.getByLabel('Token')
    await field.waitFor()
    expect(await violations(page)).toEqual([])
    await field.fill('wrong')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').filter({ hasText: 'not known' }).waitFor()
    await field.fill('correct-horse-battery')
    await field.press('Enter')
    await page.getByRole('heading', { name: 'Pipeline', level: 1 }).waitFor()
    await page.getByText('accepted').first().waitFor()
    expect(
      await page.evaluate('JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])'),
    ).not.toContain('horse')
    await page.reload()
    await page.getByRole('button', { name: 'Log out' }).click()
    await field.waitFor()
    await page.context().close()
  })

  test('goes on live after a login, also when the first token was wrong', async () => {
    const page = await stage.page('/flows')
    const field = page.getByLabel('Token')
    await field.fill('wrong')
    await field.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'not known' }).waitFor()
    await field.fill('correct-horse-battery')
    await field.press('Enter')
    await page.locator('.link.good').waitFor()
    expect(await page.getByLabel('Token').count()).toBe(0)
    await page.context().close()
  })

  test('takes a token out of the address, and the live table flows with it', async () => {
    const page = await stage.page('/flows#token=correct-horse-battery')
    await page.locator('.link.good').waitFor()
    expect(page.url()).not.toContain('token')
    await stage.flows(500)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page.context().close()
  })

  test('shows the login again when the session ends elsewhere', async () => {
    const page = await stage.page('/flows#token=correct-horse-battery')
    await page.locator('.link.good').waitFor()
    await page.context().clearCookies()
    await page.getByLabel('Token').waitFor()
    expect(await page.getByRole('grid').count()).toBe(0)
    await page.context().close()
  })
})
