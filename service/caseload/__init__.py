"""What people decide about pupils: moderation of a register, who has which coach, contacts, requests.

standing: what moderation says of pupils' places in a register · moderations: asking, deciding, carrying, rates ·
coaches: who has whom, hand-over · rules: many at once · my_list: the caseload and new pupils · beside: what stands
beside a register's line · contacts · requests · offers: which support is offered to whom, as dated data
"""
