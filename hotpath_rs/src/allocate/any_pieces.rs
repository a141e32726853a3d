//! Step 4: any pieces. One section if it has room, the largest blocks first, people near each other.

use crate::tape::Centre;

use super::blocks::{Block, blocks};
use super::one_block::{pieces_orphans, window_orphans};
use super::scene::View;

/// How many seats the party may take at all.
pub(super) fn count(view: &View<'_>) -> u32 {
    blocks(view, view.party.section).iter().map(Block::len).sum()
}

/// Everybody in as few sections and pieces as the free seats allow; `None` when there are too few of them.
pub(super) fn best(view: &View<'_>, quantity: u32, focus: &Centre) -> Option<Vec<u32>> {
    let rows = view.scene.chart.rows();
    let section = |block: &Block| rows.get(block.row as usize).map(|row| row.section);
    let all = blocks(view, view.party.section);
    let mut sections: Vec<(u32, Vec<Block>)> = all
        .chunk_by(|one, other| section(one) == section(other))
        .map(|blocks| (blocks.iter().map(Block::len).sum(), blocks.to_vec()))
        .collect();
    if sections.iter().map(|(free, _)| free).sum::<u32>() < quantity {
        return None;
    }
    // The fullest supply first: the fewest sections. The sort is stable, so equal ones stay in chart order.
    sections.sort_by_key(|(free, _)| std::cmp::Reverse(*free));
    let (mut units, mut missing, mut centre) = (Vec::new(), quantity, Centre::default());
    while missing > 0 {
        let roomy = sections.iter().take_while(|(free, _)| *free >= missing).count();
        if roomy == 0 {
            let (free, blocks) = sections.remove(0);
            missing -= free;
            for block in blocks {
                centre = centre.with(&block.centre(view.scene.chart));
                units.extend(block.start..block.end);
            }
            continue;
        }
        let filled = sections[..roomy]
            .iter()
            .map(|(_, blocks)| {
                let pieces = fill(view, blocks.clone(), missing, centre, focus);
                let orphans = view.weigh(pieces_orphans(&view.scene, &pieces));
                let together =
                    pieces.iter().fold(centre, |sum, piece| sum.with(&piece.centre(view.scene.chart)));
                (
                    (
                        pieces.len(),
                        orphans,
                        together.distance(focus),
                        pieces.first().map(|piece| piece.start),
                    ),
                    pieces,
                )
            })
            .min_by_key(|(key, _)| *key);
        let (_, pieces) = filled?;
        units.extend(pieces.iter().flat_map(|piece| piece.start..piece.end));
        missing = 0;
    }
    units.sort_unstable();
    Some(units)
}

/// Pieces for `quantity` people out of blocks that have room for them: whole blocks, longest first, until one block
/// takes the rest. Among equals the one nearest to the people already placed wins.
fn fill(
    view: &View<'_>,
    mut blocks: Vec<Block>,
    quantity: u32,
    mut centre: Centre,
    focus: &Centre,
) -> Vec<Block> {
    let chart = view.scene.chart;
    let (mut pieces, mut missing) = (Vec::new(), quantity);
    while missing > 0 {
        let near = if centre.is_empty() { *focus } else { centre };
        let longest = blocks.iter().map(Block::len).max().unwrap_or(0);
        let size = if longest >= missing { missing } else { whole_or_one_less(&blocks, longest, missing) };
        let chosen = blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| block.len() >= missing.min(longest))
            .flat_map(|(at, block)| block.windows(size).map(move |window| (at, window)))
            .min_by_key(|(_, window)| {
                let orphans = view.weigh(window_orphans(&view.scene, window));
                (orphans, window.centre(chart).distance(&near), window.start)
            });
        let Some((at, window)) = chosen else { break };
        blocks.remove(at);
        centre = centre.with(&window.centre(chart));
        pieces.push(window);
        missing -= size;
    }
    pieces.sort_unstable_by_key(|piece| piece.start);
    pieces
}

/// Take the longest blocks whole, unless that leaves one person alone who could sit with another.
fn whole_or_one_less(blocks: &[Block], longest: u32, missing: u32) -> u32 {
    let pairs = blocks.iter().filter(|block| block.len() >= 2).count();
    if missing == longest + 1 && longest >= 3 && pairs >= 2 { longest - 1 } else { longest }
}
