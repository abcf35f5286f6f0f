/** The pages and headings of the documentation, as module `virtual:docs-index` of the console. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const docs = join(import.meta.dirname, '../docs')
const id = 'virtual:docs-index'
/** Generated pages of every setting and table would bury the guides. */
const files = [
  'glossary.md',
  'guarantees.md',
  'explain/query.md',
  'reference/errors.md',
  'reference/fields.md',
  'reference/metrics.md',
]

type Section = Readonly<{ page: string; title: string; heading: string }>

function sections(): Section[] {
  const guides = readdirSync(join(docs, 'guide')).filter((file) => file.endsWith('.md'))
  return [...guides.map((file) => `guide/${file}`), ...files].flatMap((file) => {
    const text = readFileSync(join(docs, file), 'utf8').replaceAll(/^```[^]*?^```/gm, '')
    const headings = [...text.matchAll(/^(#{1,3}) (.+)$/gm)].map(([, marks = '', heading = '']) => ({
      level: marks.length,
      heading: heading.replaceAll('`', '').trim(),
    }))
    const page = file.replace(/\.md$/, '')
    const title = headings.find(({ level }) => level === 1)?.heading ?? page
    return headings.map(({ level, heading }) => ({ page, title, heading: level === 1 ? '' : heading }))
  })
}

export function docsIndex(): {
  name: string
  resolveId: (source: string) => string | undefined
  load: (source: string) => string | undefined
} {
  return {
    name: 'docs-index',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (source) => (source === `\0${id}` ? `export const sections = ${JSON.stringify(sections())}` : undefined),
  }
}
