import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const tokens = {
  admin: 'correct-horse-battery-admin',
  viewer: 'correct-horse-battery-viewer',
  shop: 'correct-horse-battery-shop',
}

describe.skipIf(chromiumPath === undefined)('chromium: what is for admins, as others see it', () => {
  const stage = useStage({
    auth: {
      tokens: [
        { name: 'root', token: tokens.admin },
        { name: 'vera', token: tokens.viewer, role: 'viewer' },
        { name: 'shop-team', token: tokens.shop, role: 'viewer', namespaces: ['shop'] },
      ],
    },
  })

  test('SQL is for admins, and others are told so and where to go; an admin has the editor', async () => {
    for (const [who, token] of Object.entries(tokens)) {
      const page = await stage.page(`/sql#token=${token}`)
      if (who === 'admin') await page.getByRole('textbox', { name: 'SQL statement' }).waitFor()
      else {
        await page.getByRole('heading', { name: 'SQL is for admins' }).waitFor()
        expect(await page.getByRole('textbox').count()).toBe(0)
        expect(await violations(page)).toEqual([])
        await page.getByRole('link', { name: 'Go to Flows' }).click()
        await page.waitForURL(/\/flows/)
      }
      await page.context().close()
    }
  })

  test('a viewer may look at dead letters and is told that moving them is not for him; a limited one is told why there is nothing', async () => {
    const viewer = await stage.page(`/dead-letters#token=${tokens.viewer}`)
    await viewer.getByText('takes the role admin; yours is viewer').waitFor()
    await viewer.getByText('No sink has refused anything for good.').waitFor()
    await viewer.context().close()
    const limited = await stage.page(`/dead-letters#token=${tokens.shop}`)
    await limited.getByText('shop-team may see namespace shop only').first().waitFor()
    expect(await violations(limited)).toEqual([])
    await limited.context().close()
  })

  test('Home and Pipeline tell a limited viewer that they are of every namespace', async () => {
    const page = await stage.page(`/home#token=${tokens.shop}`)
    await page.getByRole('heading', { name: 'Flows of your namespaces are here' }).waitFor()
    await page.goto(`${stage.weir.url}/pipeline`)
    await page.getByRole('main').getByText('shop-team may see namespace shop only').waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('no page had an error, refused content or a request to elsewhere', () => {
    // 403 is what these tests are about.
    expect(stage.complaints.filter((complaint) => !/status of 40[13]/.test(complaint))).toEqual([])
  })
})
