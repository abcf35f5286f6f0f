import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef } from 'react'
import { useTitle } from '../../app/use-title.ts'
import { EmptyState, Pending, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { docsText } from './text.ts'
import { Blocks, InlineText, type LinkOf } from '../../parts/markdown/blocks.tsx'
import { blocksOf, type Block } from '../../parts/markdown/markdown.ts'
import { docOfLink } from './doc-of-link.ts'
import { docsCodec } from './state.ts'
import './docs.css'

const files = import.meta.glob<string>(
  [
    '../../../../docs/*.md',
    '../../../../docs/guide/*.md',
    '../../../../docs/explain/query.md',
    '../../../../docs/reference/{errors,fields,metrics}.md',
  ],
  { query: '?raw', import: 'default' },
)

type Heading = Extract<Block, { is: 'heading' }>

const fileOf = (page: string) => files[`../../../../docs/${page}.md`]

/** The documents of this version, from the files of the console. */
export default function DocsPage(): React.ReactNode {
  useTitle(docsText.documentation)
  const { state, unread, set } = usePageState(docsCodec)
  const { page, at } = state
  const load = fileOf(page)
  const file = useQuery({
    queryKey: ['docs', page],
    enabled: load !== undefined,
    staleTime: Infinity,
    queryFn: () => (load === undefined ? '' : load()),
  })
  const blocks = useMemo(() => blocksOf(file.data ?? ''), [file.data])
  const link: LinkOf = (text, to) => <DocLink text={text} to={to} page={page} />
  const container = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const heading = at === '' ? undefined : container.current?.querySelector(`#${CSS.escape(`doc-${at}`)}`)
    if (heading instanceof HTMLElement) {
      heading.scrollIntoView()
      heading.focus()
    } else container.current?.scrollTo({ top: 0 })
  }, [at, blocks])
  return (
    <div className="page">
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <div className="page-scroll docs" ref={container} tabIndex={0} role="region" aria-label={docsText.documentation}>
        {load === undefined ? (
          <EmptyState title={docsText.noPage(page)} action={{ text: docsText.openConsoleGuide, to: '/docs' }}>
            {docsText.noPageHint}
          </EmptyState>
        ) : file.data === undefined ? (
          <Pending of={file} what={docsText.thePage} />
        ) : (
          <>
            <article>
              <Blocks of={blocks} link={link} anchors="doc-" />
            </article>
            <Outline of={blocks} page={page} link={link} />
          </>
        )}
      </div>
    </div>
  )
}

/** Beside the text, where the window has room. */
function Outline({ of, page, link }: { of: readonly Block[]; page: string; link: LinkOf }) {
  const chapters = of.filter((block) => block.is === 'heading' && block.level === 2) as readonly Heading[]
  if (chapters.length < 2) return null
  return (
    <nav className="docs-outline" aria-label={docsText.onThisPage}>
      <h3>{docsText.onThisPage}</h3>
      <ul>
        {chapters.map(({ id, text }) => (
          <li key={id}>
            <Link to="/docs" search={{ v: '1', page, at: id } as never}>
              <InlineText of={text} link={link} />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function DocLink({ text, to, page }: { text: string; to: string; page: string }) {
  const doc = docOfLink(to, page)
  if (doc !== undefined && fileOf(doc.page) !== undefined)
    return (
      <Link to="/docs" search={{ v: '1', page: doc.page, ...(doc.hash === '' ? {} : { at: doc.hash }) } as never}>
        {text}
      </Link>
    )
  return /^https?:/.test(to) ? (
    <a href={to} rel="noreferrer" target="_blank">
      {text}
    </a>
  ) : (
    text
  )
}
