import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const tokens = {
  admin: 'correct-horse-battery-admin',
  viewer: 'correct-horse-battery-viewer',
  shop: 'correct-horse-battery-shop',
}

describe.skipIf(chromiumPath === undefined)('chromium: admin features for other roles', () => {
  const stage = useStage({
    auth: {
      tokens: [
        { name: 'root', token: tokens.admin },
        { name: 'vera', token: tokens.viewer, role: 'viewer' },
        { name: 'shop-team', token: tokens.shop, role: 'viewer', namespaces: ['shop'] },
      ],
    },
  })

  test('SQL requires the role admin; others get an explanation, an admin gets the editor', async () => {
    for (const [who, token] of Object.entries(tokens)) {
      const page = await stage.page(`/sql#token=${token}`)
      if (who === 'admin') await page.getByRole('textbox', { name: 'SQL statement' }).waitFor()
      else {
        await page.getByRole('heading', { name: 'SQL requires the role admin' }).waitFor()
        expect(await page.getByRole('textbox').count()).toBe(0)
        expect(await violations(page)).toEqual([])
        await page.getByRole('link', { name: 'Go to Flows' }).click()
        await page.waitForURL(/\/flows/)
      }
      await page.context().close()
    }
  })

  test('a viewer can read dead letters but not move them; a limited viewer gets an explanation', async () => {
    const viewer = await stage.page(`/dead-letters#token=${tokens.viewer}`)
    await viewer.getByText('require the role admin; your role is viewer').waitFor()
    await viewer.getByText('No sink has rejected rows permanently.').waitFor()
    await viewer.context().close()
    const limited = await stage.page(`/dead-letters#token=${tokens.shop}`)
    await limited.getByText('shop-team may see namespace shop only').first().waitFor()
    expect(await violations(limited)).toEqual([])
    await limited.context().close()
  })

  test('Home covers the permitted namespaces, and Pipeline explains that it covers all', async () => {
    const page = await stage.page(`/home#token=${tokens.shop}`)
    await page.getByRole('region', { name: 'Latest changes' }).waitFor()
    expect(await page.getByRole('region', { name: /problems/ }).count()).toBe(0)
    await page.goto(`${stage.weir.url}/pipeline`)
    await page.getByRole('main').getByText('shop-team may see namespace shop only').waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints.filter((complaint) => !/status of 40[13]/.test(complaint))).toEqual([])
  })
})
