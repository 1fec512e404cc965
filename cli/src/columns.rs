//! Rows of text as columns.

/// What stands between two columns.
const GAP: &str = "  ";

/// Returns rows as lines, each column as wide as its widest text. The last column has no fill behind it.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join(GAP).trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn a_column_is_as_wide_as_its_widest_text() {
        let rows = [["a", "é", "last  "], ["long", "c", "x"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "a     é  last\nlong  c  x\n");
        assert_eq!(columns::<2>(&[]), "");
    }
}
