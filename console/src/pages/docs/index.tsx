import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef } from 'react'
import { useTitle } from '../../app/use-title.ts'
import { EmptyState, Pending, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { docsText } from './text.ts'
import { blocksOf, docOfLink, type Block, type Inline } from './markdown.ts'
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
              {blocks.map((block, index) => (
                <BlockOf key={index} block={block} page={page} />
              ))}
            </article>
            <Outline of={blocks} page={page} />
          </>
        )}
      </div>
    </div>
  )
}

/** Beside the text, where the window has room. */
function Outline({ of, page }: { of: readonly Block[]; page: string }) {
  const chapters = of.filter((block) => block.is === 'heading' && block.level === 2) as readonly Heading[]
  if (chapters.length < 2) return null
  return (
    <nav className="docs-outline" aria-label={docsText.onThisPage}>
      <h3>{docsText.onThisPage}</h3>
      <ul>
        {chapters.map(({ id, text }) => (
          <li key={id}>
            <Link to="/docs" search={{ v: '1', page, at: id } as never}>
              <Text of={text} page={page} />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function BlockOf({ block, page }: { block: Block; page: string }) {
  switch (block.is) {
    case 'heading': {
      const Heading = `h${Math.min(block.level, 4)}` as 'h1'
      return (
        <Heading id={`doc-${block.id}`} tabIndex={-1}>
          <Text of={block.text} page={page} />
        </Heading>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Text of={block.text} page={page} />
        </p>
      )
    case 'quote':
      return (
        <blockquote>
          <Text of={block.text} page={page} />
        </blockquote>
      )
    case 'code':
      return (
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      )
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul'
      return (
        <List>
          {block.items.map((item, index) => (
            <li key={index}>
              <Text of={item} page={page} />
            </li>
          ))}
        </List>
      )
    }
    case 'table':
      return (
        <div className="docs-table" tabIndex={0} role="region" aria-label={docsText.table}>
          <table>
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index} scope="col">
                    <Text of={cell} page={page} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>
                      <Text of={cell} page={page} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
  }
}

function Text({ of, page }: { of: readonly Inline[]; page: string }) {
  return of.map((part, index) => {
    switch (part.is) {
      case 'text':
        return part.text
      case 'code':
        return <code key={index}>{part.text}</code>
      case 'strong':
        return <strong key={index}>{part.text}</strong>
      case 'emphasis':
        return <em key={index}>{part.text}</em>
      case 'link':
        return <DocLink key={index} text={part.text} to={part.to} page={page} />
    }
  })
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
