import { installedChromium, launch } from './kit/chromium.ts'
const [, , base = '', out = '', width = '1440', ...paths] = process.argv
const browser = await launch(installedChromium()!)
for (const scheme of ['light', 'dark'] as const) {
  const context = await browser.newContext({
    viewport: { width: Number(width), height: width === '390' ? 844 : 900 },
    colorScheme: scheme,
  })
  const page = await context.newPage()
  for (const [i, path] of paths.entries()) {
    await page.goto(base + path)
    await page.waitForTimeout(3500)
    await page.screenshot({ path: `${out}-${i}-${width}-${scheme}.png` })
  }
  await context.close()
}
await browser.close()
