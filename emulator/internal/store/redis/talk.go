package redis

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// talk is what the processes on a store say to each other, over the channel of the news.
type talk struct {
	mu    sync.Mutex
	told  func(message []byte)
	asked func(ctx context.Context, question []byte) []byte
	// open are the questions of this process that wait for answers.
	open      map[string]chan []byte
	questions uint64
	answering chan struct{} // holds one value for each question that is being answered
}

const (
	// answerTime is how long an answer is waited for. Who hangs does not keep the others waiting longer.
	answerTime = 500 * time.Millisecond
	// maxAnswering is how many questions are answered at once; the askers of more get no answer.
	maxAnswering = 256
	// maxAnswers is how many answers can come to one question.
	maxAnswers = 256
)

func newTalk() talk {
	return talk{open: map[string]chan []byte{}, answering: make(chan struct{}, maxAnswering)}
}

// Attend implements store.Shared.
func (s *Store) Attend(told func(message []byte), asked func(ctx context.Context, question []byte) []byte) {
	s.talk.mu.Lock()
	defer s.talk.mu.Unlock()
	s.talk.told, s.talk.asked = told, asked
}

// Tell implements store.Shared.
func (s *Store) Tell(ctx context.Context, message []byte) error {
	limited, cancel := context.WithTimeout(ctx, s.bounds.Patience)
	defer cancel()
	_, err := s.publish(limited, messageMark, string(message))
	return err
}

// Ask implements store.Shared. Redis says how many listen: so many answers are waited for, without our own.
func (s *Store) Ask(ctx context.Context, question []byte) (answers [][]byte, err error) {
	number, come := s.talk.begin()
	defer s.talk.end(number)
	limited, cancel := context.WithTimeout(ctx, s.bounds.Patience)
	listening, err := s.publish(limited, questionMark, number+" "+string(question))
	cancel()
	if err != nil {
		return nil, err
	}
	late := time.NewTimer(answerTime)
	defer late.Stop()
	for range listening - 1 {
		select {
		case answer := <-come:
			answers = append(answers, answer)
		case <-late.C:
			return answers, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return answers, nil
}

func (t *talk) begin() (number string, come chan []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.questions++
	number, come = strconv.FormatUint(t.questions, 10), make(chan []byte, maxAnswers)
	t.open[number] = come
	return number, come
}

func (t *talk) end(number string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, number)
}

func (t *talk) hear(message []byte) {
	t.mu.Lock()
	told := t.told
	t.mu.Unlock()
	if told != nil {
		told(message)
	}
}

// answer answers a question of another process. Who has nothing to say says so: the asker waits for it.
func (s *Store) answer(ctx context.Context, from, said string) {
	number, question, _ := strings.Cut(said, " ")
	t := &s.talk
	t.mu.Lock()
	asked := t.asked
	t.mu.Unlock()
	select {
	case t.answering <- struct{}{}:
	default:
		return
	}
	s.background.Go(func() {
		defer func() { <-t.answering }()
		limited, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		var answer []byte
		if asked != nil {
			answer = asked(limited, []byte(question))
		}
		_, _ = s.publish(limited, answerMark, from+" "+number+" "+string(answer)) // else the asker's time ends
	})
}

// answered hands an answer to the question of this process that it is for.
func (t *talk) answered(caller, said string) {
	to, said, _ := strings.Cut(said, " ")
	number, answer, _ := strings.Cut(said, " ")
	if to != caller {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case t.open[number] <- []byte(answer): // a question that is over has none, and nothing is sent to it
	default:
	}
}
