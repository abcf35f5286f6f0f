import { useEffect, useRef, useState } from 'react'

interface GridSaidProps {
  readonly columns: readonly { readonly id: string; readonly title: string }[]
  readonly sort: string
}

/** For those who listen: by which column rows are sorted, each time that it changes. How many there are is said by the page, which knows what it asked. */
export function GridSaid({ columns, sort }: GridSaidProps): React.ReactNode {
  const [said, setSaid] = useState('')
  const before = useRef(sort)
  useEffect(() => {
    if (sort === before.current) return
    before.current = sort
    const id = sort.replace(/^-/, '')
    setSaid(
      sort === ''
        ? 'Not sorted by a column.'
        : `Sorted by ${columns.find((column) => column.id === id)?.title ?? id}, ${sort.startsWith('-') ? 'descending' : 'ascending'}.`,
    )
  }, [sort, columns])
  return (
    <span className="spoken" role="status">
      {said}
    </span>
  )
}
