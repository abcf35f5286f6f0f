import { Fragment } from 'react'
import { partsText } from '../../text/parts.ts'
import type { Block, Inline } from './markdown.ts'

export type LinkOf = (text: string, to: string) => React.ReactNode

type BlocksProps = Readonly<{
  of: readonly Block[]
  link: LinkOf
  /** What IDs of headings begin with; undefined: they have none, and are below those of a page. */
  anchors?: string
}>

export function Blocks({ of, ...rest }: BlocksProps): React.ReactNode {
  return of.map((block, index) => <BlockOf key={index} block={block} {...rest} />)
}

/** Level of the first heading in a drawer. */
const firstLevel = 4

function BlockOf({ block, link, anchors }: Omit<BlocksProps, 'of'> & { readonly block: Block }) {
  switch (block.is) {
    case 'heading': {
      const level = anchors === undefined ? Math.min(block.level + firstLevel - 1, 6) : Math.min(block.level, 4)
      const Heading = `h${level}` as 'h1'
      const anchor = anchors === undefined ? {} : { id: `${anchors}${block.id}`, tabIndex: -1 }
      return (
        <Heading {...anchor}>
          <InlineText of={block.text} link={link} />
        </Heading>
      )
    }
    case 'paragraph':
      return (
        <p>
          <InlineText of={block.text} link={link} />
        </p>
      )
    case 'quote':
      return (
        <blockquote>
          <InlineText of={block.text} link={link} />
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
              <InlineText of={item} link={link} />
            </li>
          ))}
        </List>
      )
    }
    case 'table':
      return (
        <div className="docs-table" tabIndex={0} role="region" aria-label={partsText.table}>
          <table>
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index} scope="col">
                    <InlineText of={cell} link={link} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>
                      <InlineText of={cell} link={link} />
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

export function InlineText({ of, link }: { of: readonly Inline[]; link: LinkOf }): React.ReactNode {
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
        return <Fragment key={index}>{link(part.text, part.to)}</Fragment>
    }
  })
}
