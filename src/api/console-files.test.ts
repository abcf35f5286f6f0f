import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { consoleFiles, contentSecurityPolicy } from './console-files.ts'
import { start } from './testing/kit.ts'

const folder = new URL('../../console/', import.meta.url)

test('every file of the console is served, with its type and a strict policy, and nothing else is', async () => {
  const { api } = await start()
  expect((await readdir(folder)).filter((name) => /\.(html|css|svg|js)$/.test(name)).sort()).toEqual([...consoleFiles].sort())
  const types: Record<string, string> = { html: 'text/html', css: 'text/css', svg: 'image/svg+xml', js: 'text/javascript' }
  for (const name of consoleFiles) {
    const answer = await fetch(`${api.url}/${name === 'index.html' ? '' : name}`)
    expect(answer.status, name).toBe(200)
    expect(answer.headers.get('content-type')).toContain(types[name.split('.')[1] ?? ''])
    expect(answer.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(await answer.text()).toBe(await readFile(new URL(name, folder), 'utf8'))
  }
  for (const path of ['/index.html/', '/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/README.md', '/console/main.js']) expect((await fetch(api.url + path)).status, path).toBe(404)
})

test('the policy allows no inline code and no other origin', () => {
  expect(contentSecurityPolicy).not.toMatch(/unsafe|http|\*|data:/)
  expect(contentSecurityPolicy).toContain("default-src 'none'")
})

test('the page never turns data into markup, loads nothing from elsewhere, and every import is served', async () => {
  for (const name of consoleFiles) {
    const text = await readFile(new URL(name, folder), 'utf8')
    expect(text, name).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc/)
    expect(text.replaceAll('http://www.w3.org/2000/svg', ''), name).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|url\(|@import|style="|\son\w+="/)
    for (const [, from] of text.matchAll(/from '\.\/([\w.-]+)'/g)) expect(consoleFiles, name).toContain(from)
  }
})
