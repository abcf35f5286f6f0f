const kinds = ['name', 'word', 'sign', 'value'] as const

const text = /(?<value>"(?:\\.|[^"\\])*"?)/
const word = /(?<word>\b(?:and|or|not|in|exists|either)(?=[\s()]|$))/
const name = /(?<name>(?<=\bexists\s*\(\s*)[a-z_][\w.]*|[a-z_][\w.]*(?=\s*(?:[=<>~]|![=~]|(?:not\s+)?(?:in|exists)\b)))/
const sign = /(?<sign>[\s()=<>!~,]+)/
const rest = /[^\s()"=<>!~,]+/
const parts = new RegExp([text, word, name, sign, rest].map(({ source }) => source).join('|'), 'gi')

export function partsOf(filter: string): Readonly<{ is: (typeof kinds)[number]; text: string }>[] {
  return [...filter.matchAll(parts)].map(({ 0: piece, groups = {} }) => ({
    is: kinds.find((kind) => groups[kind] !== undefined) ?? 'value',
    text: piece,
  }))
}

export function FilterPaint({ filter }: { filter: string }): React.ReactNode {
  return (
    <div className="filter-paint" aria-hidden="true">
      {partsOf(filter).map((piece, index) => (
        <span key={index} className={`filter-${piece.is}`}>
          {piece.text}
        </span>
      ))}
    </div>
  )
}
