"""pykka actors on an asyncio loop: the actor type, its dispatcher, mailbox, futures and supervision."""
