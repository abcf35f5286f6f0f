export function TableHead({
  columns,
}: {
  columns: readonly (string | readonly [title: string, className: string])[]
}): React.ReactNode {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const [title, className] = typeof column === 'string' ? [column] : column
          return (
            <th key={title} scope="col" className={className}>
              {title}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}
