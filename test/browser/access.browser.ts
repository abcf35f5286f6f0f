import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: a console with sign-in', () => {
  const stage = useStage({ auth: { tokens: [{ name: 'ann', token: 'correct-horse-battery' }] } })

  test('shows the sign-in form first, reports an unknown token, and continues on the requested page', async () => {
    const page = await stage.page('/pipeline')
    const field = page.getByLabel('Token')
    await field.waitFor()
    expect(await violations(page)).toEqual([])
    await field.fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').filter({ hasText: 'unknown' }).waitFor()
    await field.fill('correct-horse-battery')
    await field.press('Enter')
    await page.getByRole('heading', { name: 'Pipeline', level: 1 }).waitFor()
    await page.getByText('accepted').first().waitFor()
    expect(
      await page.evaluate('JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])'),
    ).not.toContain('horse')
    await page.reload()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await field.waitFor()
    await page.context().close()
  })

  test('live updates start after sign-in, also after a wrong token', async () => {
    const page = await stage.page('/flows')
    const field = page.getByLabel('Token')
    await field.fill('wrong')
    await field.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'unknown' }).waitFor()
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
