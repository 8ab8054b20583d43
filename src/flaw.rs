//! Engines that are wrong on purpose: tests switch one mistake on, and the simulator must notice.
//!
//! Outside tests no mistake is ever on: the question is answered `false` when the program is compiled.

/// A mistake that somebody could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The base moves when an update leaves, not when it is answered.
    BaseAtSend,
    /// A creation leaves before its intent is on the disk.
    IntentNotFlushed,
    /// Nothing is ever flushed.
    NothingFlushed,
    /// What a system made of a value we sent is taken for an edit.
    EchoIsEdit,
    /// What another mapping wrote to a record after this one did is taken for an echo.
    SiblingIsEcho,
    /// Whoever signs as we do is taken for us, whenever it was.
    SignatureIsEnough,
    /// Both sides are compared with one half of the base.
    OneBase,
    /// A record that a list does not show is gone; nobody asks for it.
    AbsenceIsDeath,
    /// A list is written with what the mapping speaks of, and nothing else.
    ListReplaced,
    /// A value that stood in for an empty one comes back as a value.
    FallbackComesBack,
    /// The watermark moves although something was left over.
    MarkOnFailure,
    /// A creation without an answer never happened.
    LostCreateForgotten,
    /// A creation without an answer is sent again at once.
    LostCreateRepeated,
    /// Nobody is told what lost a conflict.
    LoserNotTold,
    /// A pair of which one record was deleted is forgotten, and the other is news.
    TombstoneForgotten,
    /// An edited mapping goes on from the watermark of the one before.
    MappingEditUnnoticed,
    /// A new process knows nothing of what the one before asked.
    PaceForgotten,
    /// An image older than one that was seen counts.
    StaleAccepted,
    /// Members that were taken out of a set on one side come back from the other.
    RemovedReturns,
    /// A one-way line takes edits from the receiving side.
    OneWayBack,
    /// Records are born although the other list had holes.
    BornInHoles,
    /// At a first meeting an empty value wins.
    EmptyWins,
    /// A value that a person emptied is not sent.
    ClearedNotSent,
    /// A plan takes the number of the next cycle.
    PlanWrites,
    /// A halted cycle goes on.
    HaltIgnored,
    /// A refused write is sent again in every cycle.
    RefusedAgain,
    /// What is remembered of a mapping does not say of which account.
    AccountForgotten,
    /// An update empties what the mapping does not speak of.
    #[cfg(test)]
    RestEmptied,
    /// A cycle that somebody asks for does not wait for the one that runs.
    #[cfg(test)]
    TwoAtOnce,
}

#[cfg(test)]
thread_local! {
    static ON: std::cell::Cell<Option<Flaw>> = const { std::cell::Cell::new(None) };
}

/// True when a mistake is to be made on this thread.
#[cfg(test)]
pub(crate) fn is(flaw: Flaw) -> bool {
    ON.get() == Some(flaw)
}

/// True when a mistake is to be made: never.
#[cfg(not(test))]
pub(crate) const fn is(_: Flaw) -> bool {
    false
}

/// Switches a mistake on for this thread, until it is dropped.
#[cfg(test)]
#[must_use]
pub(crate) struct On(());

#[cfg(test)]
impl Flaw {
    pub(crate) fn on(self) -> On {
        ON.set(Some(self));
        On(())
    }
}

#[cfg(test)]
impl Drop for On {
    fn drop(&mut self) {
        ON.set(None);
    }
}
